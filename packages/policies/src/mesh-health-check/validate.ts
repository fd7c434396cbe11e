import type { TargetRefKind, Violations } from '@mesh/core';
import { checkPercentage, checkPositive, checkRange } from '../sdk/fields.js';
import { topWithoutEffect, toWithoutEffect } from '../sdk/no-effect.js';
import { checkTargetRef, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { HealthCheckConf, HttpCheck, MeshHealthCheckSpec } from './schema.js';

const TO: readonly TargetRefKind[] = ['Mesh', 'MeshService', 'MeshExternalService', 'MeshMultiZoneService'];

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshHealthCheck(spec: MeshHealthCheckSpec, violations: Violations): void {
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS_WITH_GATEWAY }, violations.field('targetRef'));
  for (const [i, entry] of (spec.to ?? []).entries()) {
    const at = violations.field('to').index(i);
    checkTargetRef(entry.targetRef, { kinds: TO }, at.field('targetRef'));
    checkConf(entry.default, at.field('default'));
  }
}

/** What a user is told about an accepted document. */
export function meshHealthCheckDeprecations(spec: MeshHealthCheckSpec): string[] {
  const moved = (spec.to ?? []).some((entry) => entry.default.healthyPanicThreshold !== undefined);
  const panic =
    "healthyPanicThreshold for 'to[].default' is deprecated. The setting has been moved to MeshCircuitBreaker policy, please use MeshCircuitBreaker policy instead.";
  return [
    ...topKindDeprecations(spec.targetRef),
    ...(moved ? [panic] : []),
    ...topWithoutEffect(spec.targetRef),
    ...toWithoutEffect(spec.to),
  ];
}

function checkConf(conf: HealthCheckConf, at: Violations): void {
  checkPositive(conf.interval, at.field('interval'));
  checkPositive(conf.timeout, at.field('timeout'));
  checkThreshold(conf.unhealthyThreshold, at.field('unhealthyThreshold'));
  checkThreshold(conf.healthyThreshold, at.field('healthyThreshold'));
  checkPositive(conf.initialJitter, at.field('initialJitter'));
  checkPositive(conf.intervalJitter, at.field('intervalJitter'));
  checkRange(conf.intervalJitterPercent, [0, 100], at.field('intervalJitterPercent'));
  checkPercentage(conf.healthyPanicThreshold, at.field('healthyPanicThreshold'));
  checkPositive(conf.noTrafficInterval, at.field('noTrafficInterval'));
  if (conf.eventLogPath === '') at.field('eventLogPath').add('must be a valid path when defined');
  if (!conf.http && !conf.tcp && !conf.grpc) at.add('must have at least one defined: http, tcp, grpc');
  if (conf.http) checkHttp(conf.http, at.field('http'));
}

function checkThreshold(value: number | undefined, at: Violations): void {
  if (value !== undefined && value <= 0) at.add('must be greater than zero when defined');
}

function checkHttp({ path, expectedStatuses = [] }: HttpCheck, at: Violations): void {
  if (path === '') at.field('path').add('must be defined');
  for (const [i, status] of expectedStatuses.entries()) checkRange(status, [100, 599], at.field('expectedStatuses').index(i));
}
