import type { BuildResult } from '../snapshot/consistency.js';
import { addAdmin } from './admin.js';
import { ResourceCollector } from './collector.js';
import { addDns } from './dns.js';
import { addInbounds } from './inbound.js';
import { type SidecarInput, sidecarScope } from './input.js';
import { addMetrics } from './metrics.js';
import { addOutbounds } from './outbound.js';
import { addSecrets } from './secrets.js';
import { addTransparentProxy } from './transparent-proxy.js';

/**
 * The whole configuration of a sidecar. Pure: equal inputs give equal versions. A result that is
 * not ok names what does not hold together; keep what the proxy has then.
 */
export function buildSidecar(input: SidecarInput): BuildResult {
  const scope = sidecarScope(input);
  const collector = new ResourceCollector();
  const networking = input.dataplane.spec.networking;
  addAdmin(collector, {
    address: input.context.resolve(networking?.address ?? '') ?? '',
    port: networking?.admin?.port,
    metadata: input.metadata,
    tls: input.adminTls,
    memory: input.memory,
  });
  addMetrics(collector, scope);
  addTransparentProxy(collector, scope);
  addInbounds(collector, scope);
  addOutbounds(collector, scope);
  addDns(collector, scope);
  if (input.context.mtls) addSecrets(collector, input.context.name, input.identity);
  const result = collector.finish(scope.memory.snapshot);
  if (result.ok) scope.memory.snapshot = result.snapshot;
  return result;
}
