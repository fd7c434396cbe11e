import type { Violations } from '@mesh/core';
import { checkAboveZeroIfGiven, checkConnections, protoMs } from '../sdk/connection-policy.js';
import type { LegacyGrpcRetry, LegacyHttpRetry, RetrySpec } from './schema.js';

/** Rules of contract/policies.md §1.2. */
export function validateRetry(spec: RetrySpec, violations: Violations): void {
  checkConnections(spec, violations);
  const at = violations.field('conf');
  if (!spec.conf) {
    at.add('has to be defined');
    return;
  }
  const { http, grpc, tcp } = spec.conf;
  if (!http && !grpc && !tcp) at.add('missing protocol [grpc|http|tcp] configuration');
  if (http) checkHttp(http, at.field('http'));
  if (grpc) checkGrpc(grpc, at.field('grpc'));
  if (tcp && !tcp.maxConnectAttempts) at.field('tcp').field('maxConnectAttempts').add('has to be greater than 0');
}

function checkHttp(http: LegacyHttpRetry, at: Violations): void {
  checkCommon(http, at);
  const i = http.retryOn?.indexOf('retriable_status_codes') ?? -1;
  if (i >= 0 && !http.retriableStatusCodes) {
    at.field('retryOn').index(i).add('retriableStatusCodes cannot be empty when this option is specified');
  }
}

function checkGrpc(grpc: LegacyGrpcRetry, at: Violations): void {
  const values = grpc.retryOn ?? [];
  for (const value of new Set(values)) {
    const indexes = [...values.keys()].filter((i) => values[i] === value);
    if (indexes.length > 1) at.field('retryOn').add(`repeated value "${value}" at indexes [${indexes.join(', ')}]`);
  }
  checkCommon(grpc, at);
}

function checkCommon(conf: LegacyHttpRetry | LegacyGrpcRetry, at: Violations): void {
  if (Object.keys(conf).length === 0) at.add('field cannot be empty');
  checkAboveZeroIfGiven(conf.numRetries, at.field('numRetries'));
  checkAboveZeroIfGiven(protoMs(conf.perTryTimeout), at.field('perTryTimeout'));
  if (!conf.backOff) return;
  const base = at.field('backOff').field('baseInterval');
  const baseMs = protoMs(conf.backOff.baseInterval);
  if (baseMs === undefined) base.add('has to be defined');
  else if (baseMs <= 0) base.add('has to be greater than 0');
}
