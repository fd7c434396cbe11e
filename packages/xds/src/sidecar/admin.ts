import { LateResource, type SnapshotResource } from '@mesh/delta';
import { staticCluster } from '../build/cluster.js';
import { adminHttp, finishHttp } from '../build/http.js';
import type { ChainModel, ListenerModel, MadeTerminal } from '../build/listener.js';
import { pipeAddress, socketAddress } from '../build/messages.js';
import { adminDownstreamSocket, type TlsMaterial, type TlsOnDemand } from '../build/tls.js';
import { ADMIN_NAME, READINESS_NAME } from '../model/names.js';
import { FEATURE_REUSE_PORT, type ProxyMetadata } from '../model/node-metadata.js';
import { hashOf } from '../snapshot/encode.js';
import type { BuildMemory } from './build-memory.js';
import { type EncodedCluster, encodeCluster, encodeListener, type ResourceCollector } from './collector.js';

export interface AdminOptions {
  /** Address of the proxy: where the admin listener opens. */
  readonly address: string;
  /** From the resource; wins over the metadata. */
  readonly port: number | undefined;
  readonly metadata: ProxyMetadata;
  readonly tls: TlsOnDemand | undefined;
  /** Of this proxy: its listener keeps the certificate it was made with. */
  readonly memory?: BuildMemory | undefined;
  /** What a key gave before, or gives now: all but address and certificate is the same for most proxies. */
  readonly shared?: <T>(key: string, make: () => T) => T;
}

/** What proxies have in common that differ in their address and certificate alone. */
interface EncodedAdmin {
  readonly clusters: readonly EncodedCluster[];
  /** Version of the listener, without these; undefined where there is none. */
  readonly version: string | undefined;
}

/** Stands for an address and a certificate in what proxies have in common. */
const PLACEHOLDER = { address: '0.0.0.0', tls: { certPem: '', keyPem: '', caPem: '' } };

/**
 * Readiness and Envoy's admin endpoint (contract/dataplane.md §3.4): `/ready` for everybody, the
 * rest for the control plane only. The certificate of the listener is made when the listener is sent: a proxy
 * that has one of the same authority for the same address keeps it, also when the control plane started anew.
 */
export function addAdmin(collector: ResourceCollector, options: AdminOptions): void {
  const { address, metadata, tls, shared = (_key, make) => make() } = options;
  const port = options.port || metadata.adminPort;
  const { adminAddress, adminSocketPath, readinessPort } = metadata;
  const isTaken = address === '' || (adminSocketPath === undefined && address === adminAddress);
  const isOpen = port !== undefined && !isTaken;
  const key = [port, adminAddress, adminSocketPath, readinessPort, reusesPort(metadata), isOpen, tls !== undefined].join('/');
  const { clusters, version } = shared(`admin/${key}`, () => buildAdmin(options, port, isOpen));
  for (const cluster of clusters) collector.addCluster(cluster);
  if (version === undefined || port === undefined) return;
  collector.useClusters([READINESS_NAME, ADMIN_NAME]);
  const inputs = [version, address, metadata, tls?.version];
  const listener = () => lateListener(options, { port, version });
  collector.addListener(options.memory ? options.memory.reuse('admin', { inputs }, listener) : listener());
}

function lateListener({ metadata, address, tls }: AdminOptions, of: { readonly port: number; readonly version: string }): SnapshotResource {
  const version = hashOf(`${of.version}/${address}/${tls?.version ?? ''}`);
  return new LateResource(ADMIN_NAME, version, () => encodeListener(adminListener({ metadata, address, tls: tls?.make() }, of.port)).body);
}

function buildAdmin({ metadata, tls }: AdminOptions, port: number | undefined, isOpen: boolean): EncodedAdmin {
  const readiness = encodeCluster(staticCluster(READINESS_NAME, socketAddress('127.0.0.1', metadata.readinessPort), 'http'));
  if (port === undefined) return { clusters: [readiness], version: undefined };
  const target = metadata.adminSocketPath ? pipeAddress(metadata.adminSocketPath) : socketAddress(metadata.adminAddress, port);
  const clusters = [readiness, encodeCluster(staticCluster(ADMIN_NAME, target, 'http'))];
  if (!isOpen) return { clusters, version: undefined };
  const listener = adminListener({ metadata, address: PLACEHOLDER.address, tls: tls && PLACEHOLDER.tls }, port);
  return { clusters, version: encodeListener(listener).version };
}

interface AdminListenerOptions {
  readonly metadata: ProxyMetadata;
  readonly address: string;
  readonly tls: TlsMaterial | undefined;
}

function reusesPort(metadata: ProxyMetadata): boolean {
  return metadata.features.has(FEATURE_REUSE_PORT);
}

const READY = { prefix: '/ready', cluster: READINESS_NAME };
/** What admin listeners lead to is the same for all proxies: made once. */
const TO_READY = madeTerminal([READY]);
const TO_EVERYTHING = madeTerminal([READY, { prefix: '/', cluster: ADMIN_NAME }]);

function madeTerminal(routes: Parameters<typeof adminHttp>[1]): MadeTerminal {
  return { kind: 'made', filter: finishHttp(adminHttp(ADMIN_NAME, routes), []) };
}

function adminListener(options: AdminListenerOptions, port: number): ListenerModel {
  const chains: ChainModel[] = [{ authenticated: false, terminal: TO_READY }];
  if (options.tls) {
    chains.push({
      authenticated: false,
      match: { transportProtocol: 'tls' },
      socket: adminDownstreamSocket(options.tls),
      terminal: TO_EVERYTHING,
    });
  }
  return {
    name: ADMIN_NAME,
    address: options.address,
    port,
    direction: 'inbound',
    reusePort: reusesPort(options.metadata),
    inspectTls: true,
    chains,
  };
}
