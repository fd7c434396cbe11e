import type { Violations } from '@mesh/core';
import { checkSelectors } from '../sdk/selectors.js';
import type { RateLimitSpec } from './schema.js';

/** Rules of contract/policies.md §1.2. Headers are found under `header["i"]` on the wire. */
export function validateRateLimit({ sources, destinations, conf }: RateLimitSpec, violations: Violations): void {
  checkSelectors(sources, violations.field('sources'));
  checkSelectors(destinations, violations.field('destinations'));
  if (!conf) violations.field('conf').add('must have conf');
  const http = conf?.http;
  if (!http) return;
  const at = violations.field('conf').field('http');
  if (!http.requests) at.field('requests').add('requests must be set');
  if (http.interval === undefined) at.field('interval').add('interval must be set');
  for (const [i, { key, value }] of (http.onRateLimit?.headers ?? []).entries()) {
    const header = at.field('onRateLimit').field('header').key(String(i));
    if (!key) header.add('key must be set');
    if (!value) header.add('value must be set');
  }
}
