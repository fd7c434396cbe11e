import type { Violations } from '@mesh/core';
import { checkConnections } from '../sdk/connection-policy.js';
import type { TrafficLogSpec } from './schema.js';

/** Rules of contract/policies.md §1.2. */
export function validateTrafficLog(spec: TrafficLogSpec, violations: Violations): void {
  checkConnections(spec, violations);
}
