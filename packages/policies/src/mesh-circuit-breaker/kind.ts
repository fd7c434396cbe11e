import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshCircuitBreakerSpec, meshCircuitBreakerSchema } from './schema.js';
import { meshCircuitBreakerDeprecations, validateMeshCircuitBreaker } from './validate.js';

/** Bounds on connections and requests, and when an instance is left out because it fails. */
export const meshCircuitBreakerKind: ResourceDescriptor<MeshCircuitBreakerSpec> = defineKind<MeshCircuitBreakerSpec>({
  kind: 'MeshCircuitBreaker',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshcircuitbreakers',
  cli: { singular: 'meshcircuitbreaker', plural: 'meshcircuitbreakers' },
  shortName: 'mcb',
  displayName: { singular: 'Mesh Circuit Breaker', plural: 'Mesh Circuit Breakers' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, hasFrom: true, hasTo: true, hasRules: true, fromAsRules: true, inspectable: true },
  schema: meshCircuitBreakerSchema,
  validate: validateMeshCircuitBreaker,
  deprecations: meshCircuitBreakerDeprecations,
});
