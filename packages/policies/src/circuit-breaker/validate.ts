import type { Violations } from '@mesh/core';
import { checkConnections, checkPercent } from '../sdk/connection-policy.js';
import type { CircuitBreakerSpec } from './schema.js';

/** Rules of contract/policies.md §1.2. */
export function validateCircuitBreaker(spec: CircuitBreakerSpec, violations: Violations): void {
  checkConnections(spec, violations);
  const at = violations.field('conf');
  const { detectors = {}, thresholds = {}, maxEjectionPercent } = spec.conf ?? {};
  if (Object.keys(detectors).length + Object.keys(thresholds).length === 0) {
    at.add('must have at least one of the detector or threshold configured');
  }
  checkPercent(maxEjectionPercent, at.field('maxEjectionPercent'));
  checkPercent(detectors.failure?.threshold, at.field('detectors').field('failure').field('threshold'));
}
