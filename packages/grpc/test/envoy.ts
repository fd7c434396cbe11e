import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DescMessage, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { type Snapshot, type SnapshotType, xdsTypeUrls } from '@mesh/delta';
import { ClusterSchema } from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '@mesh/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '@mesh/proto/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '@mesh/proto/envoy/config/route/v3/route_pb.js';
import { envoyRegistry } from '@mesh/proto/envoy-registry.js';
import { findEnvoy } from '@mesh/testing';

const prefix = 'type.googleapis.com/envoy.extensions';
const ads = { ads: {}, resourceApiVersion: 'V3' };
const local = (port: number) => ({ socketAddress: { address: '127.0.0.1', portValue: port } });
const endpoints = (clusterName: string, port: number) => ({
  clusterName,
  endpoints: [{ lbEndpoints: [{ endpoint: { address: local(port) } }] }],
});

/** One listener that routes everything to one cluster. */
export interface Wanted {
  readonly listen: number;
  /** Name to port. */
  readonly clusters: Readonly<Record<string, number>>;
  readonly target: string;
  readonly connectTimeout?: string;
  /** Empty makes a listener that Envoy refuses. */
  readonly statPrefix?: string;
}

/** The snapshot of it: clusters with endpoints over EDS, routes over RDS. */
export function routingSnapshot(wanted: Wanted): Snapshot {
  const { listen, target, connectTimeout = '1s', statPrefix = 'test' } = wanted;
  const clusters = Object.keys(wanted.clusters).map((name) => ({
    name,
    type: 'EDS',
    edsClusterConfig: { edsConfig: ads },
    connectTimeout,
  }));
  const hcm = {
    '@type': `${prefix}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    statPrefix,
    rds: { routeConfigName: 'routes', configSource: ads },
    httpFilters: [{ name: 'router', typedConfig: { '@type': `${prefix}.filters.http.router.v3.Router` } }],
  };
  const listener = { name: 'in', address: local(listen), filterChains: [{ filters: [{ name: 'hcm', typedConfig: hcm }] }] };
  const routes = [{ match: { prefix: '/' }, route: { cluster: target } }];
  return new Map([
    [xdsTypeUrls.cluster, typeOf(ClusterSchema, clusters)],
    [
      xdsTypeUrls.endpoint,
      typeOf(
        ClusterLoadAssignmentSchema,
        Object.entries(wanted.clusters).map(([name, port]) => ({ name, ...endpoints(name, port) })),
      ),
    ],
    [xdsTypeUrls.listener, typeOf(ListenerSchema, [listener])],
    [xdsTypeUrls.route, typeOf(RouteConfigurationSchema, [{ name: 'routes', virtualHosts: [{ name: 'all', domains: ['*'], routes }] }])],
  ]);
}

function typeOf(schema: DescMessage, resources: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[]): SnapshotType {
  const encoded = resources.map((resource) => {
    // A ClusterLoadAssignment is known by its cluster's name and has no `name` of its own.
    const { name, ...rest } = resource;
    const json = ('clusterName' in resource ? rest : resource) as JsonValue;
    const body = toBinary(schema, fromJson(schema, json, { registry: envoyRegistry() }));
    return { name, body, version: hash(body) };
  });
  return {
    version: hash(JSON.stringify(encoded.map(({ name, version }) => [name, version]))),
    resources: new Map(encoded.map((r) => [r.name, r])),
  };
}

function hash(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex').slice(0, 16);
}

export interface EnvoyOptions {
  readonly apiType: 'GRPC' | 'DELTA_GRPC';
  /** Port of the ADS server, and the CA that signed `localhost`. */
  readonly port: number;
  readonly ca: Buffer;
}

/** A running Envoy that gets everything over ADS; `stop` ends it and removes its files. */
export function startEnvoy(options: EnvoyOptions): { stop(): Promise<void>; output(): string } {
  const dir = mkdtempSync(join(tmpdir(), 'mesh-envoy-'));
  const caFile = join(dir, 'ca.pem');
  const file = join(dir, 'bootstrap.json');
  writeFileSync(caFile, options.ca);
  writeFileSync(file, JSON.stringify(bootstrap(options, caFile)));
  const args = ['--config-path', file, '--log-level', 'warning', '--disable-hot-restart', '--concurrency', '1'];
  const child: ChildProcess = spawn(findEnvoy(), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit');
  return {
    output: () => output,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function bootstrap({ apiType, port }: EnvoyOptions, caFile: string): object {
  const tls = {
    '@type': `${prefix}.transport_sockets.tls.v3.UpstreamTlsContext`,
    sni: 'localhost',
    commonTlsContext: { validationContext: { trustedCa: { filename: caFile } } },
  };
  const http2 = {
    '@type': `${prefix}.upstreams.http.v3.HttpProtocolOptions`,
    explicitHttpConfig: { http2ProtocolOptions: {} },
  };
  const controlPlane = {
    name: 'control-plane',
    type: 'STATIC',
    connectTimeout: '1s',
    typedExtensionProtocolOptions: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': http2 },
    transportSocket: { name: 'envoy.transport_sockets.tls', typedConfig: tls },
    loadAssignment: endpoints('control-plane', port),
  };
  const grpcServices = [{ envoyGrpc: { clusterName: 'control-plane' }, initialMetadata: [{ key: 'authorization', value: 'token' }] }];
  return {
    node: { id: 'default.web', cluster: 'web' },
    dynamicResources: { adsConfig: { apiType, transportApiVersion: 'V3', grpcServices }, ldsConfig: ads, cdsConfig: ads },
    staticResources: { clusters: [controlPlane] },
  };
}
