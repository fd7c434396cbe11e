import type { TargetRefKind, Violations } from '@mesh/core';
import { checkNotNegative, checkPositive } from '../sdk/fields.js';
import { topWithoutEffect, toWithoutEffect } from '../sdk/no-effect.js';
import { checkTargetRef, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { MeshTimeoutSpec, TimeoutConf } from './schema.js';

const TOP: readonly TargetRefKind[] = [...TOP_KINDS_WITH_GATEWAY, 'MeshHTTPRoute'];
const TO: readonly TargetRefKind[] = ['Mesh', 'MeshService', 'MeshExternalService', 'MeshMultiZoneService', 'MeshHTTPRoute'];
const TO_FROM_GATEWAY: readonly TargetRefKind[] = ['Mesh', 'MeshExternalService'];

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshTimeout(spec: MeshTimeoutSpec, violations: Violations): void {
  const inbounds = spec.from !== undefined || spec.rules !== undefined;
  checkTargetRef(spec.targetRef, { kinds: TOP, sectionName: inbounds }, violations.field('targetRef'));
  const { from = [], to = [], rules = [] } = spec;
  if (from.length + to.length + rules.length === 0) violations.add("at least one of 'from', 'to' or 'rules' has to be defined");
  if (rules.length > 0 && from.length + to.length > 0) violations.field('rules').add("must not be defined together with 'from' or 'to'");
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
    if (entry.targetRef.kind === 'MeshHTTPRoute') checkRouteConf(entry.default, at.field('default'));
  }
  for (const [i, rule] of rules.entries()) checkRule(rule, violations.field('rules').index(i));
}

/** What a user is told about an accepted document. */
export function meshTimeoutDeprecations(spec: MeshTimeoutSpec): string[] {
  const warnings = [...topKindDeprecations(spec.targetRef), ...topWithoutEffect(spec.targetRef), ...toWithoutEffect(spec.to)];
  if (spec.from) warnings.push("'from' field is deprecated, use 'rules' instead");
  return warnings;
}

function checkRule(rule: NonNullable<MeshTimeoutSpec['rules']>[number], at: Violations): void {
  checkConf(rule.default, at.field('default'));
  for (const [i, match] of (rule.matches ?? []).entries()) {
    if (!match.spiffeID && !match.sni) at.field('matches').index(i).add('must have at least one defined: spiffeID, sni');
  }
  if (rule.matches?.some((match) => match.spiffeID)) checkRouteConf(rule.default, at.field('default'));
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
  const any = Object.values(http).some((timeout) => timeout !== undefined);
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

/** A route has no connections of its own. */
function checkRouteConf(conf: TimeoutConf, at: Violations): void {
  if (conf.connectionTimeout !== undefined) at.field('connectionTimeout').add('must not be set');
  if (conf.idleTimeout !== undefined) at.field('idleTimeout').add('must not be set');
  if (conf.http?.maxStreamDuration !== undefined) at.field('http').field('maxStreamDuration').add('must not be set');
  if (conf.http?.maxConnectionDuration !== undefined) at.field('http').field('maxConnectionDuration').add('must not be set');
}
