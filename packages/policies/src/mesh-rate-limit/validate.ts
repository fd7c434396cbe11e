import type { TargetRefKind, Violations } from '@mesh/core';
import { checkCount, msOf } from '../sdk/fields.js';
import { checkMatches, checkOnlyRules, choosesIds, NOT_BY_IDENTITY } from '../sdk/inbound-rules.js';
import { topWithoutEffect } from '../sdk/no-effect.js';
import {
  checkTargetRef,
  FROM_DEPRECATED,
  mayChooseGateways,
  NOT_FOR_GATEWAYS,
  TOP_KINDS_WITH_GATEWAY,
  topKindDeprecations,
} from '../sdk/target-ref.js';
import type { HttpLimit, MeshRateLimitSpec, RateLimitConf, TcpLimit } from './schema.js';

const TOP: readonly TargetRefKind[] = [...TOP_KINDS_WITH_GATEWAY, 'MeshHTTPRoute'];
const INTERVAL_MIN_MS = 50;

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshRateLimit(spec: MeshRateLimitSpec, violations: Violations): void {
  const inbounds = spec.from !== undefined || spec.rules !== undefined;
  checkTargetRef(spec.targetRef, { kinds: TOP, sectionName: inbounds }, violations.field('targetRef'));
  checkOnlyRules(spec, violations);
  const { from = [], to = [], rules = [] } = spec;
  const gateways = mayChooseGateways(spec.targetRef);
  const onlyGateways = spec.targetRef?.kind === 'MeshGateway' || spec.targetRef?.kind === 'MeshHTTPRoute';
  if (onlyGateways && rules.length > 0) violations.field('rules').add('must not be defined');
  if (gateways && from.length > 0) violations.field('from').add(NOT_FOR_GATEWAYS);
  if (!gateways && to.length > 0) violations.field('to').add('must not be defined');
  for (const [i, rule] of rules.entries()) {
    const at = violations.field('rules').index(i);
    checkMatches(rule.matches, at.field('matches'));
    checkConf(rule.default, at.field('default'), choosesIds(rule.matches));
  }
  for (const [i, entry] of from.entries()) {
    if (gateways) break;
    const at = violations.field('from').index(i);
    checkTargetRef(entry.targetRef, { kinds: ['Mesh'] }, at.field('targetRef'));
    checkConf(entry.default, at.field('default'));
  }
  for (const [i, entry] of to.entries()) {
    if (!gateways) break;
    const at = violations.field('to').index(i);
    checkTargetRef(entry.targetRef, { kinds: ['Mesh'] }, at.field('targetRef'));
    checkConf(entry.default, at.field('default'));
  }
}

/** What a user is told about an accepted document. */
export function meshRateLimitDeprecations(spec: MeshRateLimitSpec): string[] {
  const to = spec.to?.length ? ["spec.to: limits are for inbounds here, so entries of 'to' have no effect"] : [];
  return [...topKindDeprecations(spec.targetRef), ...(spec.from ? [FROM_DEPRECATED] : []), ...topWithoutEffect(spec.targetRef), ...to];
}

function checkConf({ local }: RateLimitConf, at: Violations, byId = false): void {
  const field = at.field('local');
  if (!local) {
    field.add('must be defined');
    return;
  }
  if (!local.http && !local.tcp) field.add('must have at least one defined: tcp, http');
  if (local.http) checkHttp(local.http, field.field('http'));
  if (local.tcp && byId) field.field('tcp').add(NOT_BY_IDENTITY);
  if (local.tcp) checkTcp(local.tcp, field.field('tcp'));
}

function checkHttp({ disabled, requestRate, onRateLimit }: HttpLimit, at: Violations): void {
  if (disabled === undefined && !requestRate && !onRateLimit) at.add('must have at least one defined: disabled, requestRate, onRateLimit');
  checkRate(requestRate, at.field('requestRate'));
  checkCount(onRateLimit?.status, at.field('onRateLimit').field('status'));
}

function checkTcp({ disabled, connectionRate }: TcpLimit, at: Violations): void {
  if (disabled === undefined && !connectionRate) at.add('must have at least one defined: disabled, connectionRate');
  checkRate(connectionRate, at.field('connectionRate'));
}

function checkRate(rate: { readonly num: number; readonly interval: string } | undefined, at: Violations): void {
  if (!rate) return;
  checkCount(rate.num, at.field('num'));
  if ((msOf(rate.interval) ?? 0) <= INTERVAL_MIN_MS) at.field('interval').add(`must be greater than: ${INTERVAL_MIN_MS}ms`);
}
