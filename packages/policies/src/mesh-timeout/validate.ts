import type { TargetRefKind, Violations } from '@mesh/core';
import { checkNotNegative, checkPositive } from '../sdk/fields.js';
import { checkMatches, checkOnlyRules, checkSomeList, choosesIds, NOT_BY_IDENTITY } from '../sdk/inbound-rules.js';
import { topWithoutEffect, toWithoutEffect } from '../sdk/no-effect.js';
import { checkTargetRef, FROM_DEPRECATED, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { MeshTimeoutSpec, TimeoutConf } from './schema.js';

const TOP: readonly TargetRefKind[] = [...TOP_KINDS_WITH_GATEWAY, 'MeshHTTPRoute'];
const TO: readonly TargetRefKind[] = ['Mesh', 'MeshService', 'MeshExternalService', 'MeshMultiZoneService', 'MeshHTTPRoute'];
const TO_FROM_GATEWAY: readonly TargetRefKind[] = ['Mesh', 'MeshExternalService'];

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshTimeout(spec: MeshTimeoutSpec, violations: Violations): void {
  const inbounds = spec.from !== undefined || spec.rules !== undefined;
  checkTargetRef(spec.targetRef, { kinds: TOP, sectionName: inbounds }, violations.field('targetRef'));
  const { from = [], to = [], rules = [] } = spec;
  checkSomeList(spec, violations);
  checkOnlyRules(spec, violations);
  const elsewhere = spec.targetRef?.kind === 'MeshGateway' || spec.targetRef?.kind === 'MeshHTTPRoute';
  if (elsewhere && from.length > 0) violations.field('from').add('must not be defined');
  for (const [i, entry] of from.entries()) {
    const at = violations.field('from').index(i);
    checkTargetRef(entry.targetRef, { kinds: ['Mesh'] }, at.field('targetRef'));
    checkConf(entry.default, at.field('default'));
  }
  for (const [i, entry] of to.entries()) {
    const at = violations.field('to').index(i);
    checkTargetRef(entry.targetRef, { kinds: elsewhere ? TO_FROM_GATEWAY : TO }, at.field('targetRef'));
    checkConf(entry.default, at.field('default'));
  }
  for (const [i, rule] of rules.entries()) checkRule(rule, violations.field('rules').index(i));
}

/** What a user is told about an accepted document. */
export function meshTimeoutDeprecations(spec: MeshTimeoutSpec): string[] {
  const warnings = [...topKindDeprecations(spec.targetRef), ...topWithoutEffect(spec.targetRef), ...toWithoutEffect(spec.to)];
  if (spec.from) warnings.push(FROM_DEPRECATED);
  for (const [i, { targetRef, default: conf }] of (spec.to ?? []).entries()) {
    const fields = targetRef.kind === 'MeshHTTPRoute' ? connectionFields(conf) : [];
    for (const field of fields) warnings.push(`spec.to[${i}].default.${field}: a route has no connections of its own, so it has no effect`);
  }
  return warnings;
}

function checkRule(rule: NonNullable<MeshTimeoutSpec['rules']>[number], at: Violations): void {
  checkMatches(rule.matches, at.field('matches'));
  const conf = at.field('default');
  checkConf(rule.default, conf);
  if (!choosesIds(rule.matches)) return;
  for (const field of connectionFields(rule.default))
    field
      .split('.')
      .reduce((path, name) => path.field(name), conf)
      .add(NOT_BY_IDENTITY);
}

function checkConf(conf: TimeoutConf, at: Violations): void {
  if (conf.connectionTimeout === undefined && conf.idleTimeout === undefined && conf.http === undefined) {
    at.add('at least one timeout should be configured');
  }
  checkPositive(conf.connectionTimeout, at.field('connectionTimeout'));
  checkNotNegative(conf.idleTimeout, at.field('idleTimeout'));
  if (conf.http) checkHttp(conf.http, at.field('http'));
}

function checkHttp(http: NonNullable<TimeoutConf['http']>, at: Violations): void {
  const { requestTimeout, streamIdleTimeout, maxStreamDuration, maxConnectionDuration } = http;
  const any = [requestTimeout, streamIdleTimeout, maxStreamDuration, maxConnectionDuration].some((timeout) => timeout !== undefined);
  if (!any) at.add('at least one timeout in this section should be configured');
  for (const name of [
    'requestTimeout',
    'streamIdleTimeout',
    'maxStreamDuration',
    'maxConnectionDuration',
    'requestHeadersTimeout',
  ] as const) {
    checkNotNegative(http[name], at.field(name));
  }
}

/** Fields of a conf that are about connections, not requests. */
function connectionFields({ connectionTimeout, idleTimeout, http = {} }: TimeoutConf): string[] {
  const given = {
    connectionTimeout,
    idleTimeout,
    'http.requestHeadersTimeout': http.requestHeadersTimeout,
    'http.maxStreamDuration': http.maxStreamDuration,
    'http.maxConnectionDuration': http.maxConnectionDuration,
  };
  return Object.entries(given).flatMap(([field, value]) => (value === undefined ? [] : [field]));
}
