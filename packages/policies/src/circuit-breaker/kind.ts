import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type CircuitBreakerSpec, circuitBreakerSchema } from './schema.js';
import { validateCircuitBreaker } from './validate.js';

/** When an instance is left out because it fails, by tags; the form before MeshCircuitBreaker. */
export const circuitBreakerKind: ResourceDescriptor<CircuitBreakerSpec> = defineKind<CircuitBreakerSpec>({
  kind: 'CircuitBreaker',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.CircuitBreaker' },
  path: 'circuit-breakers',
  cli: { singular: 'circuit-breaker', plural: 'circuit-breakers' },
  displayName: { singular: 'Circuit Breaker', plural: 'Circuit Breakers' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false, inspectable: true },
  schema: circuitBreakerSchema,
  normalize: normalizeLegacyPolicy,
  validate: validateCircuitBreaker,
  deprecations: () => [kindWithoutEffect('CircuitBreaker')],
});
