import { bindFrom, type ClusterModel, setHttpVersion, setUpstreamTimeouts, staticCluster } from '../build/cluster.js';
import { inboundHttp } from '../build/http.js';
import { type ChainModel, type ListenerModel, tcpTerminal } from '../build/listener.js';
import { durationOf, socketAddress } from '../build/messages.js';
import { meshDownstreamSocket } from '../build/tls.js';
import type { InboundInterface } from '../context/inbounds.js';
import { isLoopback } from '../model/addresses.js';
import { inboundClusterName, inboundListenerName } from '../model/names.js';
import { isHttpBased } from '../model/protocols.js';
import type { ResourceCollector } from './collector.js';
import { type EncodedInbound, encodeInbound, type InboundModels, joinInbound, splitInbound } from './inbound-parts.js';
import type { SidecarScope } from './input.js';

const CONNECT_MS = 10_000;
const IDLE_MS = 2 * 3600_000;

/** Source addresses that transparent proxying lets pass. */
export const INBOUND_BIND_V4 = '127.0.0.6';
export const INBOUND_BIND_V6 = '::6';

/** Listener and cluster of every inbound (contract/dataplane.md §3.3). */
export function addInbounds(collector: ResourceCollector, scope: SidecarScope): void {
  const sources = { inputs: inputsOf(scope), context: scope.context };
  for (const { cluster, listener } of scope.memory.reuse('inbounds', sources, () => buildInbounds(scope))) {
    collector.useClusters([cluster.resource.name]);
    collector.addCluster(cluster);
    collector.addListener(listener);
  }
}

/** All that inbounds are made of besides what they read from the context. */
function inputsOf({ active, metadata, proxy }: SidecarScope): unknown[] {
  const concerned = active.filter(({ plugin }) => plugin.configureInbound);
  return [proxy, metadata, ...concerned.map((one) => one.matched.inboundKey ?? one)];
}

function buildInbounds(scope: SidecarScope): readonly EncodedInbound[] {
  const built = new Map<string, EncodedInbound>();
  for (const inbound of scope.proxy.inbounds) {
    const name = inboundListenerName(inbound.address, inbound.port);
    if (built.has(name)) continue;
    const models = () => inboundModels(name, inbound, scope);
    const key = sharedKey(inbound, scope);
    const parts = key === undefined ? undefined : scope.context.memo(`inbound/${key}`, () => splitInbound(models(), inbound));
    built.set(name, parts ? joinInbound(parts, { name, inbound }) : encodeInbound(models()));
  }
  return [...built.values()];
}

function inboundModels(name: string, inbound: InboundInterface, scope: SidecarScope): InboundModels {
  const cluster = inboundCluster(inbound, scope);
  const listener = inboundListener(name, inbound, scope);
  for (const { plugin, matched } of scope.active) {
    plugin.configureInbound?.(matched, { context: scope.context, proxy: scope.proxy, inbound, listener, cluster });
  }
  return { cluster, listener };
}

/** All that an inbound is made of but its addresses and what is read from the context; undefined where a policy cannot say it. */
function sharedKey(inbound: InboundInterface, { active, metadata, transparentProxy, reusePort }: SidecarScope): string | undefined {
  const { address, workloadAddress, advertisedAddress, ...rest } = inbound;
  const keys = active.filter(({ plugin }) => plugin.configureInbound).map(({ matched }) => matched.inboundKey);
  if (keys.includes(undefined)) return undefined;
  const workload = isLoopback(workloadAddress) ? workloadAddress : workloadAddress.includes(':');
  const own = [rest, workload, address.includes(':'), transparentProxy?.inboundEnabled ?? false, reusePort, metadata.ipv6Enabled];
  return JSON.stringify([...own, ...keys]);
}

function inboundCluster(inbound: InboundInterface, scope: SidecarScope): ClusterModel {
  const address = socketAddress(inbound.workloadAddress, inbound.workloadPort);
  const model = staticCluster(inboundClusterName(inbound.workloadPort), address, inbound.protocol);
  model.message.connectTimeout = durationOf(CONNECT_MS);
  if (isHttpBased(inbound.protocol)) {
    setHttpVersion(model, inbound.protocol === 'http' ? 'http1' : 'http2');
    setUpstreamTimeouts(model, { idleMs: IDLE_MS });
  }
  if (scope.transparentProxy?.inboundEnabled && !isLoopback(inbound.workloadAddress)) {
    bindFrom(model, inbound.workloadAddress.includes(':') ? INBOUND_BIND_V6 : INBOUND_BIND_V4);
  }
  return model;
}

function inboundListener(name: string, inbound: InboundInterface, scope: SidecarScope): ListenerModel {
  const chains = inboundChains(inbound, scope);
  return {
    name,
    address: inbound.address,
    port: inbound.port,
    direction: 'inbound',
    reusePort: scope.reusePort,
    ...(scope.transparentProxy?.inboundEnabled ? { bindToPort: false } : {}),
    tags: Object.keys(inbound.tags).length > 0 ? inbound.tags : { 'kuma.io/unified-name': `self_inbound_dp_${inbound.section}` },
    inspectTls: chains.length > 1,
    chains,
  };
}

function inboundChains(inbound: InboundInterface, scope: SidecarScope): ChainModel[] {
  const { context } = scope;
  if (!context.mtls) return [{ authenticated: false, terminal: inboundTerminal(inbound, scope) }];
  const socket = meshDownstreamSocket(context.name);
  if (context.mtls.mode === 'STRICT') return [{ authenticated: true, socket, terminal: inboundTerminal(inbound, scope) }];
  return [
    { authenticated: false, match: { transportProtocol: 'raw_buffer' }, terminal: inboundTerminal(inbound, scope) },
    { authenticated: false, match: { transportProtocol: 'tls' }, terminal: tcpInbound(inbound) },
    {
      authenticated: true,
      match: { transportProtocol: 'tls', applicationProtocols: ['kuma'] },
      socket,
      terminal: inboundTerminal(inbound, scope),
    },
  ];
}

function inboundTerminal(inbound: InboundInterface, scope: SidecarScope): ChainModel['terminal'] {
  if (!isHttpBased(inbound.protocol)) return tcpInbound(inbound);
  return inboundHttp({
    service: inbound.service,
    cluster: inboundClusterName(inbound.workloadPort),
    protocol: inbound.protocol,
    ipv6: scope.metadata.ipv6Enabled,
  });
}

function tcpInbound(inbound: InboundInterface): ChainModel['terminal'] {
  const cluster = inboundClusterName(inbound.workloadPort);
  const terminal = tcpTerminal(cluster, [{ name: cluster, weight: 1 }]);
  terminal.proxy.idleTimeout = durationOf(IDLE_MS);
  return terminal;
}
