import { LABEL_ZONE, type Resource } from '@mesh/core';
import type { DataplaneSpec } from '@mesh/resources';
import type { TlsOnDemand } from '../build/tls.js';
import { type InboundInterface, inboundsOf } from '../context/inbounds.js';
import type { MeshContext } from '../context/mesh-context.js';
import {
  FEATURE_BIND_OUTBOUNDS,
  FEATURE_REUSE_PORT,
  FEATURE_STRICT_INBOUND_PORTS,
  type ProxyMetadata,
  type TransparentProxyMetadata,
} from '../model/node-metadata.js';
import type { AnyPolicyDescriptor, Matched, PolicyPlugin, SidecarProxy } from '../plugin.js';
import { BuildMemory } from './build-memory.js';

/** Certificate of a proxy and the roots it trusts, in PEM. */
export interface ProxyIdentity {
  /** Leaf first. */
  readonly certPem: string;
  readonly keyPem: string;
  /**
   * Says all that certificate and key are made from; absent: they say it themselves. With it they are asked for only when
   * they are sent: a proxy that has them in this version keeps them.
   */
  readonly version?: string;
  /** All roots in force; more than one while a CA is rotated. */
  readonly caPems: readonly string[];
}

/** All that the configuration of a sidecar is made of: equal inputs give equal bytes. */
export interface SidecarInput {
  readonly context: MeshContext;
  readonly dataplane: Resource<DataplaneSpec>;
  readonly metadata: ProxyMetadata;
  /** Needed where the mesh has mTLS on. */
  readonly identity?: ProxyIdentity | undefined;
  /** Absent: the admin listener serves `/ready` only. */
  readonly adminTls?: TlsOnDemand | undefined;
  /** In order of application: see `orderPolicies`. */
  readonly plugins: readonly AnyPolicyDescriptor[];
  /** Of this proxy, from its earlier builds; without it everything is made anew. */
  readonly memory?: BuildMemory | undefined;
}

/** A plugin with what it matched for the proxy at hand. */
export interface ActivePlugin {
  readonly plugin: PolicyPlugin;
  readonly matched: Matched;
}

/** What every generator of a sidecar works from. */
export interface SidecarScope extends SidecarInput {
  readonly memory: BuildMemory;
  readonly proxy: SidecarProxy;
  readonly active: readonly ActivePlugin[];
  /** Of all plugins: what shared outbounds towards a service are keyed by. */
  readonly outboundKeyTo: (service: string) => string;
  readonly transparentProxy: TransparentProxyMetadata | undefined;
  readonly reusePort: boolean;
  readonly bindOutbounds: boolean;
  readonly strictInboundPorts: boolean;
}

/** Works out what the generators share; runs the `match` of every plugin where something it read has changed. */
export function sidecarScope(input: SidecarInput): SidecarScope {
  const { context, dataplane, metadata } = input;
  const memory = input.memory ?? new BuildMemory();
  const proxy = memory.reuse('proxy', { inputs: [dataplane], context }, () => sidecarProxy(context, dataplane));
  const active: ActivePlugin[] = [];
  for (const { kind, plugin } of input.plugins) {
    if (!plugin) continue;
    const match = (): ActivePlugin => ({ plugin, matched: plugin.match(context, proxy) });
    active.push(memory.reuse(`match/${kind}`, { inputs: [proxy], context }, match));
  }
  return {
    ...input,
    memory,
    proxy,
    active,
    outboundKeyTo: outboundKeys(active),
    transparentProxy: metadata.transparentProxy ?? transparentProxyOf(dataplane.spec),
    reusePort: metadata.features.has(FEATURE_REUSE_PORT),
    bindOutbounds: metadata.features.has(FEATURE_BIND_OUTBOUNDS),
    strictInboundPorts: metadata.features.has(FEATURE_STRICT_INBOUND_PORTS),
  };
}

function outboundKeys(active: readonly ActivePlugin[]): (service: string) => string {
  const keys = active.map(({ matched }) => matched.outboundKey);
  const general = keys.map((key) => (typeof key === 'string' ? key : key.general)).join('|');
  const additions = keys.flatMap((key) => (typeof key === 'string' || key.byService.size === 0 ? [] : [key.byService]));
  return (service) =>
    additions.some((of) => of.has(service)) ? `${general}|+${additions.map((of) => of.get(service) ?? '').join('|')}` : general;
}

function sidecarProxy(context: MeshContext, dataplane: Resource<DataplaneSpec>): SidecarProxy {
  return {
    dataplane,
    zone: dataplane.meta.labels[LABEL_ZONE] || context.zone,
    inbounds: inboundsOf(dataplane).flatMap((inbound) => resolveInbound(context, inbound)),
    isGateway: dataplane.spec.networking?.gateway !== undefined,
  };
}

/** Envoy listens on IPs only: an inbound whose host name has not been resolved has to wait. */
function resolveInbound(context: MeshContext, inbound: InboundInterface): InboundInterface[] {
  const address = context.resolve(inbound.address);
  const workloadAddress = context.resolve(inbound.workloadAddress);
  return address === undefined || workloadAddress === undefined ? [] : [{ ...inbound, address, workloadAddress }];
}

function transparentProxyOf(spec: DataplaneSpec): TransparentProxyMetadata | undefined {
  const { redirectPortInbound = 0, redirectPortOutbound = 0, ipFamilyMode } = spec.networking?.transparentProxying ?? {};
  if (redirectPortInbound === 0 && redirectPortOutbound === 0) return undefined;
  return {
    inboundEnabled: redirectPortInbound > 0,
    inboundPort: redirectPortInbound,
    outboundEnabled: redirectPortOutbound > 0,
    outboundPort: redirectPortOutbound,
    ipv6: ipFamilyMode !== 'IPv4',
  };
}
