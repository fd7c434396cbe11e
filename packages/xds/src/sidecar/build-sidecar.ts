import type { BuildResult } from '../snapshot/consistency.js';
import { addAdmin } from './admin.js';
import { BuildMemory } from './build-memory.js';
import { checkedSnapshot, completeFrame, type Frame, ResourceCollector } from './collector.js';
import { assignmentOf } from './destination.js';
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
  const { context, memory = new BuildMemory() } = input;
  const frame = memory.reuse('frame', { inputs: frameInputs(input), context }, () => buildFrame({ ...input, memory }));
  const snapshot = completeFrame(frame, ({ cluster, tags }) => assignmentOf(context, cluster.name, tags), memory.snapshot);
  // What holds together does so whichever endpoints there are.
  const result = memory.checked === frame ? ({ ok: true, snapshot } as const) : checkedSnapshot(snapshot, frame);
  if (result.ok) {
    memory.snapshot = result.snapshot;
    memory.checked = frame;
  }
  return result;
}

/** All that a frame is made of besides what is read from the context. */
function frameInputs({ dataplane, metadata, identity, adminTls, plugins }: SidecarInput): readonly unknown[] {
  const own = identity?.version ?? [identity?.certPem, identity?.keyPem].join();
  return [dataplane, metadata, plugins, own, adminTls?.version, ...(identity?.caPems ?? [])];
}

function buildFrame(input: SidecarInput): Frame {
  const scope = sidecarScope(input);
  const collector = new ResourceCollector();
  const networking = input.dataplane.spec.networking;
  addAdmin(collector, {
    address: input.context.resolve(networking?.address ?? '') ?? '',
    port: networking?.admin?.port,
    metadata: input.metadata,
    tls: input.adminTls,
    memory: input.memory,
    shared: (key, make) => input.context.memo(key, make),
  });
  addMetrics(collector, scope);
  addTransparentProxy(collector, scope);
  addInbounds(collector, scope);
  addOutbounds(collector, scope);
  addDns(collector, scope);
  if (input.context.mtls) addSecrets(collector, input.context.name, input.identity);
  return collector.frame(scope.memory.snapshot);
}
