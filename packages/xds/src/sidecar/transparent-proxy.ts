import { type ClusterModel, originalDestinationCluster } from '../build/cluster.js';
import { type ChainModel, type ListenerModel, tcpTerminal } from '../build/listener.js';
import { encodeCluster, encodeListener, type ResourceCollector } from './collector.js';
import { INBOUND_BIND_V4, INBOUND_BIND_V6 } from './inbound.js';
import type { SidecarScope } from './input.js';

type Direction = 'inbound' | 'outbound';

/** Listeners that intercepted connections arrive at (contract/dataplane.md §3.4). */
export function addTransparentProxy(collector: ResourceCollector, scope: SidecarScope): void {
  const { transparentProxy: config } = scope;
  if (!config?.outboundEnabled || scope.bindOutbounds) return;
  for (const family of config.ipv6 ? (['ipv4', 'ipv6'] as const) : (['ipv4'] as const)) {
    const address = family === 'ipv4' ? '0.0.0.0' : '::';
    addPassthrough(collector, scope, { direction: 'outbound', family, address, port: config.outboundPort });
    if (config.inboundEnabled) addPassthrough(collector, scope, { direction: 'inbound', family, address, port: config.inboundPort });
  }
}

interface Passthrough {
  readonly direction: Direction;
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  readonly port: number;
}

function addPassthrough(collector: ResourceCollector, scope: SidecarScope, passthrough: Passthrough): void {
  const { direction, family, address, port } = passthrough;
  const name = `${direction}:passthrough:${family}`;
  const open = direction === 'inbound' || isOpen(scope);
  if (open) collector.addCluster(encodeCluster(passthroughCluster(name, passthrough)));
  const listener: ListenerModel = {
    name,
    address,
    port,
    direction,
    ...(direction === 'inbound' ? { reusePort: scope.reusePort } : {}),
    useOriginalDst: true,
    inspectTls: false,
    chains: passthroughChains(name, direction, scope),
  };
  collector.addListener(encodeListener(listener));
}

/** The last plugin that has something to say decides, or else the mesh. */
function isOpen({ active, context }: SidecarScope): boolean {
  const answers = active.map(({ plugin, matched }) => plugin.passthrough?.(matched));
  return answers.findLast((answer) => answer !== undefined) ?? context.passthrough;
}

function passthroughCluster(name: string, { direction, family }: Passthrough): ClusterModel {
  if (direction === 'outbound') return originalDestinationCluster(name, undefined);
  return originalDestinationCluster(name, family === 'ipv4' ? INBOUND_BIND_V4 : INBOUND_BIND_V6);
}

/**
 * Under STRICT mTLS a connection that no inbound listener took must not slip past it: only the
 * declared ports are let through to where their listeners are.
 */
function passthroughChains(name: string, direction: Direction, scope: SidecarScope): ChainModel[] {
  const terminal = () => tcpTerminal(name, [{ name, weight: 1 }]);
  const strict = direction === 'inbound' && scope.strictInboundPorts && scope.context.mtls?.mode === 'STRICT';
  if (!strict) return [{ authenticated: false, terminal: terminal() }];
  const ports = [...new Set(scope.proxy.inbounds.map((inbound) => inbound.port))].sort((a, b) => a - b);
  return ports.map((destinationPort) => ({ authenticated: false, match: { destinationPort }, terminal: terminal() }));
}
