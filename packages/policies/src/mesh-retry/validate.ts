import type { TargetRefKind, Violations } from '@mesh/core';
import { checkCount, msOf } from '../sdk/fields.js';
import { topWithoutEffect, toWithoutEffect } from '../sdk/no-effect.js';
import { checkTargetRef, TOP_KINDS_WITH_GATEWAY, topKindDeprecations } from '../sdk/target-ref.js';
import type { GrpcRetry, HttpRetry, MeshRetrySpec, RateLimitedBackOff, RetryConf } from './schema.js';

const TOP: readonly TargetRefKind[] = [...TOP_KINDS_WITH_GATEWAY, 'MeshHTTPRoute'];
const TO: readonly TargetRefKind[] = ['Mesh', 'MeshService', 'MeshExternalService', 'MeshMultiZoneService', 'MeshHTTPRoute'];
const TO_FROM_GATEWAY: readonly TargetRefKind[] = ['Mesh', 'MeshExternalService'];

const CONDITIONS: ReadonlySet<string> = new Set([
  ...['5xx', 'GatewayError', 'Reset', 'Retriable4xx', 'ConnectFailure', 'EnvoyRatelimited', 'RefusedStream', 'Http3PostConnectFailure'],
  ...['Connect', 'Delete', 'Get', 'Head', 'Options', 'Patch', 'Post', 'Put', 'Trace'].map((method) => `HttpMethod${method}`),
]);

/** Rules of contract/policies.md §2.10; rooted at `spec`. The path of a conf reads `default.conf` on the wire. */
export function validateMeshRetry(spec: MeshRetrySpec, violations: Violations): void {
  checkTargetRef(spec.targetRef, { kinds: TOP }, violations.field('targetRef'));
  const elsewhere = spec.targetRef?.kind === 'MeshGateway' || spec.targetRef?.kind === 'MeshHTTPRoute';
  for (const [i, entry] of (spec.to ?? []).entries()) {
    const at = violations.field('to').index(i);
    checkTargetRef(entry.targetRef, { kinds: elsewhere ? TO_FROM_GATEWAY : TO }, at.field('targetRef'));
    checkConf(entry.default, at.field('default').field('conf'));
  }
}

/** What a user is told about an accepted document. */
export function meshRetryDeprecations(spec: MeshRetrySpec): string[] {
  return [...topKindDeprecations(spec.targetRef), ...topWithoutEffect(spec.targetRef), ...toWithoutEffect(spec.to)];
}

function checkConf({ tcp, http, grpc }: RetryConf, at: Violations): void {
  if (!tcp && !http && !grpc) at.add("at least one of the 'tcp', 'http', 'grpc' must be specified");
  if (tcp && isEmpty(tcp)) at.field('tcp').add('must not be empty');
  else checkCount(tcp?.maxConnectAttempt, at.field('tcp').field('maxConnectAttempt'));
  if (http) checkHttp(http, at.field('http'));
  if (grpc) checkCommon(grpc, at.field('grpc'));
}

function checkHttp(http: HttpRetry, at: Violations): void {
  checkCommon(http, at);
  for (const [i, condition] of (http.retryOn ?? []).entries()) {
    if (!CONDITIONS.has(condition) && !isStatusCode(condition)) at.field('retryOn').index(i).add(`unknown item '${condition}'`);
  }
  let priorities = 0;
  for (const [i, { predicate, tags, updateFrequency }] of (http.hostSelection ?? []).entries()) {
    const selection = at.field('hostSelection').index(i);
    if (predicate === 'OmitHostsWithTags' && tags === undefined) selection.field('tags').add('must be defined');
    if (predicate !== 'OmitPreviousPriorities') continue;
    if (++priorities > 1) selection.field('predicate').add('OmitPreviousPriorities must only be specified once');
    if (updateFrequency <= 0) selection.field('updateFrequency').add('must be defined and greater than zero');
  }
}

function checkCommon(conf: HttpRetry | GrpcRetry, at: Violations): void {
  if (isEmpty(conf)) at.add('must not be empty');
  if (conf.backOff && isEmpty(conf.backOff)) at.field('backOff').add('must not be empty');
  if (conf.rateLimitedBackOff) checkRateLimited(conf.rateLimitedBackOff, at.field('rateLimitedBackOff'));
}

function checkRateLimited({ resetHeaders, maxInterval }: RateLimitedBackOff, at: Violations): void {
  if (maxInterval !== undefined && (msOf(maxInterval) ?? 0) <= 0) at.field('maxInterval').add('must be defined and greater than zero');
  if (resetHeaders === undefined) at.field('resetHeaders').add('must be defined');
}

/** Codes that a client may retry on: whatever is known of 1xx-5xx. */
function isStatusCode(text: string): boolean {
  return KNOWN_STATUS_CODES.has(Number(text)) && /^\d{3}$/.test(text);
}

const KNOWN_STATUS_CODES: ReadonlySet<number> = new Set([
  ...[100, 101, 102, 103],
  ...[200, 201, 202, 203, 204, 205, 206, 207, 208, 226],
  ...[300, 301, 302, 303, 304, 305, 307, 308],
  ...[400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418],
  ...[421, 422, 423, 424, 425, 426, 428, 429, 431, 451],
  ...[500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511],
]);

function isEmpty(value: object): boolean {
  return Object.values(value).every((field) => field === undefined);
}
