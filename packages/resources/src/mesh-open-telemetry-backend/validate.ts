import type { Violations } from '@mesh/core';
import { checkHost } from '../plugin/index.js';
import { isPort } from '../validation/index.js';
import type { MeshOpenTelemetryBackendSpec } from './schema.js';

/** Rules of contract/policies.md §3 for a MeshOpenTelemetryBackend; rooted at `spec`. */
export function validateMeshOpenTelemetryBackend({ endpoint, protocol }: MeshOpenTelemetryBackendSpec, violations: Violations): void {
  if (!endpoint) return;
  const { address, port, path } = endpoint;
  const at = violations.field('endpoint');
  if (address === '') at.field('address').add('must not be empty');
  else if (address !== undefined) checkHost(address, at.field('address'));
  if (port !== undefined && !isPort(port)) at.field('port').add('port must be a valid (1-65535)');
  if (path === undefined || path === '') return;
  const pathAt = at.field('path');
  if (protocol !== 'http') pathAt.add('must not be set when protocol is grpc');
  else if (!path.startsWith('/')) pathAt.add('must start with /');
  else if (/[?#]/.test(path)) pathAt.add('must not contain query or fragment');
}
