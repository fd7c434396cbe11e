import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type RetrySpec, retrySchema } from './schema.js';
import { validateRetry } from './validate.js';

/** What is tried again, by tags; the form before MeshRetry. */
export const retryKind: ResourceDescriptor<RetrySpec> = defineKind<RetrySpec>({
  kind: 'Retry',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.Retry' },
  path: 'retries',
  cli: { singular: 'retry', plural: 'retries' },
  displayName: { singular: 'Retry', plural: 'Retries' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false, inspectable: true },
  schema: retrySchema,
  normalize: normalizeLegacyPolicy,
  validate: validateRetry,
  deprecations: () => [kindWithoutEffect('Retry')],
});
