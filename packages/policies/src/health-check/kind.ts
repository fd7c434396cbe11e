import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type HealthCheckSpec, healthCheckSchema } from './schema.js';
import { validateHealthCheck } from './validate.js';

/** How a proxy checks destinations, by tags; the form before MeshHealthCheck. */
export const healthCheckKind: ResourceDescriptor<HealthCheckSpec> = defineKind<HealthCheckSpec>({
  kind: 'HealthCheck',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.HealthCheck' },
  path: 'health-checks',
  cli: { singular: 'healthcheck', plural: 'healthchecks' },
  displayName: { singular: 'Health Check', plural: 'Health Checks' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false, inspectable: true },
  schema: healthCheckSchema,
  normalize: normalizeLegacyPolicy,
  validate: validateHealthCheck,
  deprecations: () => [kindWithoutEffect('HealthCheck')],
});
