import type { Violations } from '@mesh/core';
import { isPort } from '@mesh/resources';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { checkOtelTarget, OTEL_ENDPOINT_DEPRECATED } from '../sdk/otel.js';
import { checkTargetRef, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { MeshMetricSpec, MetricConf } from './schema.js';

/** Rules of contract/policies.md §2.10; rooted at `spec`. Applications and backends are spelt in the singular on the wire. */
export function validateMeshMetric(spec: MeshMetricSpec, violations: Violations): void {
  checkTargetRef(spec.targetRef, { kinds: TOP_KINDS_WITH_GATEWAY, gatewayTags: false }, violations.field('targetRef'));
  const at = violations.field('default');
  const { sidecar, applications = [], backends = [] } = spec.default ?? {};
  if (sidecar?.profiles) checkProfiles(sidecar.profiles, at.field('sidecar').field('profiles'));
  for (const [i, { port }] of applications.entries()) checkPort(port, at.field('applications').field('application').index(i));
  for (const [i, backend] of backends.entries()) checkBackend(backend, at.field('backends').field('backend').index(i));
}

/** What a user is told about an accepted document. */
export function meshMetricDeprecations(spec: MeshMetricSpec): string[] {
  const endpoint = spec.default?.backends?.some((backend) => backend.openTelemetry?.endpoint);
  return [...topKindDeprecations(spec.targetRef), ...(endpoint ? [OTEL_ENDPOINT_DEPRECATED] : []), kindWithoutEffect('MeshMetric')];
}

function checkProfiles(profiles: NonNullable<NonNullable<MetricConf['sidecar']>['profiles']>, at: Violations): void {
  for (const list of ['exclude', 'include'] as const) {
    for (const [i, { type, match }] of (profiles[list] ?? []).entries()) {
      if (type === 'Regex' && !isRegex(match)) at.field(list).index(i).field('match').add('invalid regex');
    }
  }
}

function checkBackend({ type, prometheus, openTelemetry }: NonNullable<MetricConf['backends']>[number], at: Violations): void {
  if (type === 'Prometheus') {
    if (prometheus) checkPort(prometheus.port, at.field('port'));
    else at.field('prometheus').add('must be defined');
  } else if (openTelemetry) checkOtelTarget(openTelemetry, at.field('openTelemetry'));
  else at.field('openTelemetry').add('must be defined');
}

function checkPort(port: number, at: Violations): void {
  if (!isPort(port)) at.add('port must be a valid (1-65535)');
}

function isRegex(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
