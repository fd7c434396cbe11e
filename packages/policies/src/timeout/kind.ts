import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type TimeoutSpec, timeoutSchema } from './schema.js';
import { validateTimeout } from './validate.js';

/** How long traffic may take, by tags; the form before MeshTimeout. */
export const timeoutKind: ResourceDescriptor<TimeoutSpec> = defineKind<TimeoutSpec>({
  kind: 'Timeout',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.Timeout' },
  path: 'timeouts',
  cli: { singular: 'timeout', plural: 'timeouts' },
  displayName: { singular: 'Timeout', plural: 'Timeouts' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false, inspectable: true },
  schema: timeoutSchema,
  normalize: normalizeLegacyPolicy,
  validate: validateTimeout,
  deprecations: () => [kindWithoutEffect('Timeout')],
});
