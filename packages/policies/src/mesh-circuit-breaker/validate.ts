import type { TargetRefKind, Violations } from '@mesh/core';
import { checkCount, checkPercentage, checkPositive, checkRange, numberOf } from '../sdk/fields.js';
import { checkOnlyRules, checkSomeList } from '../sdk/inbound-rules.js';
import { topWithoutEffect, toWithoutEffect } from '../sdk/no-effect.js';
import { checkTargetRef, FROM_DEPRECATED, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { CircuitBreakerConf, ConnectionLimits, Detectors, MeshCircuitBreakerSpec, OutlierDetectionConf } from './schema.js';

const TO: readonly TargetRefKind[] = ['Mesh', 'MeshService', 'MeshExternalService', 'MeshMultiZoneService'];

/** Rules of contract/policies.md §2.10; rooted at `spec`. Rules of inbounds are reported as entries of `from`, as on the wire. */
export function validateMeshCircuitBreaker(spec: MeshCircuitBreakerSpec, violations: Violations): void {
  const inbounds = spec.from !== undefined || spec.rules !== undefined;
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS_WITH_GATEWAY, sectionName: inbounds }, violations.field('targetRef'));
  checkSomeList(spec, violations);
  checkOnlyRules(spec, violations);
  for (const [i, entry] of (spec.from ?? []).entries()) {
    const at = violations.field('from').index(i);
    checkTargetRef(entry.targetRef, { kinds: ['Mesh'] }, at.field('targetRef'));
    checkConf(entry.default, at.field('default'));
  }
  for (const [i, rule] of (spec.rules ?? []).entries()) checkConf(rule.default, violations.field('from').index(i).field('default'));
  for (const [i, entry] of (spec.to ?? []).entries()) {
    const at = violations.field('to').index(i);
    checkTargetRef(entry.targetRef, { kinds: TO }, at.field('targetRef'));
    checkConf(entry.default, at.field('default'));
  }
}

/** What a user is told about an accepted document. */
export function meshCircuitBreakerDeprecations(spec: MeshCircuitBreakerSpec): string[] {
  return [
    ...topKindDeprecations(spec.targetRef),
    ...(spec.from ? [FROM_DEPRECATED] : []),
    ...topWithoutEffect(spec.targetRef),
    ...toWithoutEffect(spec.to),
  ];
}

function checkConf({ connectionLimits, outlierDetection }: CircuitBreakerConf, at: Violations): void {
  if (!connectionLimits && !outlierDetection) at.add("at least one of: 'connectionLimits' or 'outlierDetection' should be configured");
  if (connectionLimits) checkLimits(connectionLimits, at.field('connectionLimits'));
  if (outlierDetection) checkOutlier(outlierDetection, at.field('outlierDetection'));
}

function checkLimits(limits: ConnectionLimits, at: Violations): void {
  for (const name of ['maxConnections', 'maxConnectionPools', 'maxPendingRequests', 'maxRetries', 'maxRequests'] as const) {
    checkCount(limits[name], at.field(name));
  }
}

function checkOutlier(outlier: OutlierDetectionConf, at: Violations): void {
  checkPositive(outlier.interval, at.field('interval'));
  checkPositive(outlier.baseEjectionTime, at.field('baseEjectionTime'));
  checkRange(outlier.maxEjectionPercent, [0, 100], at.field('maxEjectionPercent'));
  checkPercentage(outlier.healthyPanicThreshold, at.field('healthyPanicThreshold'));
  if (outlier.detectors) checkDetectors(outlier.detectors, at.field('detectors'));
  else at.field('detectors').add('must be defined');
}

function checkDetectors(detectors: Detectors, at: Violations): void {
  const names = ['totalFailures', 'gatewayFailures', 'localOriginFailures', 'successRate', 'failurePercentage'] as const;
  if (names.every((name) => detectors[name] === undefined)) at.add(`must have at least one defined: ${names.join(', ')}`);
  for (const name of ['totalFailures', 'gatewayFailures', 'localOriginFailures'] as const) {
    checkCount(detectors[name]?.consecutive, at.field(name).field('consecutive'));
  }
  const { successRate, failurePercentage } = detectors;
  const rate = at.field('successRate');
  checkCount(successRate?.minimumHosts, rate.field('minimumHosts'));
  checkCount(successRate?.requestVolume, rate.field('requestVolume'));
  const factor = successRate?.standardDeviationFactor;
  if (factor !== undefined) {
    const value = numberOf(factor);
    if (value === undefined) rate.field('standardDeviationFactor').add('string must be a valid number');
    else checkCount(value, rate.field('standardDeviationFactor'));
  }
  const percentage = at.field('failurePercentage');
  checkCount(failurePercentage?.minimumHosts, percentage.field('minimumHosts'));
  checkCount(failurePercentage?.requestVolume, percentage.field('requestVolume'));
  checkRange(failurePercentage?.threshold, [0, 100], percentage.field('threshold'));
}
