import type { Violations } from '@mesh/core';
import { checkAboveZeroIfGiven, checkConnections, protoMs } from '../sdk/connection-policy.js';
import type { TimeoutSpec } from './schema.js';

/** Rules of contract/policies.md §1.2. */
export function validateTimeout(spec: TimeoutSpec, violations: Violations): void {
  checkConnections(spec, violations);
  const at = violations.field('conf');
  if (!spec.conf) {
    at.add('has to be defined');
    return;
  }
  const { tcp, http, grpc } = spec.conf;
  if (tcp) {
    checkSection(tcp, at.field('tcp'));
    const idleMs = protoMs(tcp.idleTimeout);
    if (idleMs !== undefined && idleMs <= 0) at.field('tcp').field('idleTimeout').add('has to be greater than 0');
  }
  if (http) {
    checkSection(http, at.field('http'));
    checkAboveZeroIfGiven(protoMs(http.requestTimeout), at.field('http').field('requestTimeout'));
  }
  if (!grpc) return;
  checkSection(grpc, at.field('grpc'));
  checkAboveZeroIfGiven(protoMs(grpc.streamIdleTimeout), at.field('grpc').field('streamIdleTimeout'));
  checkAboveZeroIfGiven(protoMs(grpc.maxStreamDuration), at.field('grpc').field('maxStreamDuration'));
}

function checkSection(section: object, at: Violations): void {
  if (Object.keys(section).length === 0) at.add('at least one timeout in section has to be defined');
}
