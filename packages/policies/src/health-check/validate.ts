import type { Violations } from '@mesh/core';
import { checkConnections, protoMs } from '../sdk/connection-policy.js';
import type { HealthCheckHttp, HealthCheckSpec } from './schema.js';

/** Rules of contract/policies.md §1.2. */
export function validateHealthCheck(spec: HealthCheckSpec, violations: Violations): void {
  checkConnections(spec, violations);
  const { conf } = spec;
  const at = violations.field('conf');
  if (!conf) {
    at.add('has to be defined');
    return;
  }
  checkPositive(protoMs(conf.interval) ?? 0, at.field('interval'));
  checkPositive(protoMs(conf.timeout) ?? 0, at.field('timeout'));
  checkPositive(conf.unhealthyThreshold ?? 0, at.field('unhealthyThreshold'));
  checkPositive(conf.healthyThreshold ?? 0, at.field('healthyThreshold'));
  for (const name of ['initialJitter', 'intervalJitter', 'noTrafficInterval'] as const) checkPositive(protoMs(conf[name]), at.field(name));
  const panic = conf.healthyPanicThreshold;
  if (panic !== undefined && !(panic >= 0 && panic <= 100)) at.field('healthyPanicThreshold').add('must be in range [0.0 - 100.0]');
  if (conf.http) checkHttp(conf.http, at.field('http'));
  if (conf.http && conf.tcp) at.add('http and tcp cannot be defined at the same time');
}

function checkPositive(value: number | undefined, at: Violations): void {
  if (value !== undefined && value <= 0) at.add('must have a positive value');
}

function checkHttp({ path, expectedStatuses = [], requestHeadersToAdd = [] }: HealthCheckHttp, at: Violations): void {
  if (!path) at.field('path').add('has to be defined and cannot be empty');
  for (const [i, status] of expectedStatuses.entries()) {
    if (status < 100 || status >= 600) at.field('expectedStatuses').index(i).add('must be in range [100, 600)');
  }
  for (const [i, { header }] of requestHeadersToAdd.entries()) {
    const field = at.field('requestHeadersToAdd').index(i).field('header');
    if (!header) field.add('has to be defined');
    else if (!header.key) field.field('key').add('cannot be empty');
  }
}
