import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type RateLimitSpec, rateLimitSchema } from './schema.js';
import { validateRateLimit } from './validate.js';

/** How many requests callers may make, by tags; the form before MeshRateLimit. */
export const rateLimitKind: ResourceDescriptor<RateLimitSpec> = defineKind<RateLimitSpec>({
  kind: 'RateLimit',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.RateLimit' },
  path: 'rate-limits',
  cli: { singular: 'rate-limit', plural: 'rate-limits' },
  displayName: { singular: 'Rate Limit', plural: 'Rate Limits' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false, inspectable: true },
  schema: rateLimitSchema,
  normalize: normalizeLegacyPolicy,
  validate: validateRateLimit,
});
