import type { SnapshotResource } from '@mesh/delta';
import { staticCluster } from '../build/cluster.js';
import { adminHttp } from '../build/http.js';
import type { ChainModel, ListenerModel } from '../build/listener.js';
import { pipeAddress, socketAddress } from '../build/messages.js';
import { adminDownstreamSocket, type TlsMaterial } from '../build/tls.js';
import { ADMIN_NAME, READINESS_NAME } from '../model/names.js';
import { FEATURE_REUSE_PORT, type ProxyMetadata } from '../model/node-metadata.js';
import type { BuildMemory } from './build-memory.js';
import { type EncodedCluster, encodeCluster, encodeListener, type ResourceCollector } from './collector.js';

export interface AdminOptions {
  /** Address of the proxy: where the admin listener opens. */
  readonly address: string;
  /** From the resource; wins over the metadata. */
  readonly port: number | undefined;
  readonly metadata: ProxyMetadata;
  readonly tls: TlsMaterial | undefined;
  readonly memory?: BuildMemory | undefined;
}

interface EncodedAdmin {
  readonly clusters: readonly EncodedCluster[];
  readonly listener: SnapshotResource | undefined;
}

/**
 * Readiness and Envoy's admin endpoint (contract/dataplane.md §3.4): `/ready` for everybody, the
 * rest for the control plane only.
 */
export function addAdmin(collector: ResourceCollector, options: AdminOptions): void {
  const { memory, address, port, metadata, tls } = options;
  const inputs = [address, port, metadata, tls?.certPem, tls?.keyPem, tls?.caPem];
  const { clusters, listener } = memory ? memory.reuse('admin', { inputs }, () => buildAdmin(options)) : buildAdmin(options);
  for (const cluster of clusters) collector.addCluster(cluster);
  if (!listener) return;
  collector.useClusters([READINESS_NAME, ADMIN_NAME]);
  collector.addListener(listener);
}

function buildAdmin(options: AdminOptions): EncodedAdmin {
  const { metadata } = options;
  const readiness = encodeCluster(staticCluster(READINESS_NAME, socketAddress('127.0.0.1', metadata.readinessPort), 'http'));
  const port = options.port || metadata.adminPort;
  if (port === undefined) return { clusters: [readiness], listener: undefined };
  const target = metadata.adminSocketPath ? pipeAddress(metadata.adminSocketPath) : socketAddress(metadata.adminAddress, port);
  const clusters = [readiness, encodeCluster(staticCluster(ADMIN_NAME, target, 'http'))];
  const taken = metadata.adminSocketPath === undefined && options.address === metadata.adminAddress;
  return { clusters, listener: taken || options.address === '' ? undefined : encodeListener(adminListener(options, port)) };
}

function adminListener(options: AdminOptions, port: number): ListenerModel {
  const ready = { prefix: '/ready', cluster: READINESS_NAME };
  const chains: ChainModel[] = [{ authenticated: false, terminal: adminHttp(ADMIN_NAME, [ready]) }];
  if (options.tls) {
    chains.push({
      authenticated: false,
      match: { transportProtocol: 'tls' },
      socket: adminDownstreamSocket(options.tls),
      terminal: adminHttp(ADMIN_NAME, [ready, { prefix: '/', cluster: ADMIN_NAME }]),
    });
  }
  return {
    name: ADMIN_NAME,
    address: options.address,
    port,
    direction: 'inbound',
    reusePort: options.metadata.features.has(FEATURE_REUSE_PORT),
    inspectTls: true,
    chains,
  };
}
