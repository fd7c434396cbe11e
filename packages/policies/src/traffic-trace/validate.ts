import type { Violations } from '@mesh/core';
import { checkSelectors } from '../sdk/selectors.js';
import type { TrafficTraceSpec } from './schema.js';

/** Rules of contract/policies.md §1.2. */
export function validateTrafficTrace({ selectors }: TrafficTraceSpec, violations: Violations): void {
  checkSelectors(selectors, violations.field('selectors'));
}
