import type { Violations } from '@mesh/core';
import { checkSelectors } from '../sdk/selectors.js';
import type { TrafficPermissionSpec } from './schema.js';

/** Rules of contract/rest-api.md §8. */
export function validateTrafficPermission(spec: TrafficPermissionSpec, violations: Violations): void {
  checkSelectors(spec.sources, violations.field('sources'));
  checkSelectors(spec.destinations, violations.field('destinations'));
}
