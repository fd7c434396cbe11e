import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { ClusterSchema } from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '@mesh/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '@mesh/proto/envoy/config/listener/v3/listener_pb.js';
import { RouteConfigurationSchema } from '@mesh/proto/envoy/config/route/v3/route_pb.js';
import { HttpConnectionManagerSchema } from '@mesh/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { TcpProxySchema } from '@mesh/proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import { DownstreamTlsContextSchema, UpstreamTlsContextSchema } from '@mesh/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContentCache, endpointsDigest } from './contents.js';
import { TYPES } from './wire/types.js';

const overAds = { configSourceSpecifier: { case: 'ads', value: {} } } as const;
const secret = (name: string) => ({ name, sdsConfig: overAds });

function bytesOf<T extends DescMessage>(schema: T, init: MessageInitShape<T>): Buffer {
  return Buffer.from(toBinary(schema, create(schema, init)));
}

function anyOf<T extends DescMessage>(schema: T, init: MessageInitShape<T>) {
  return { typeUrl: `type.googleapis.com/${schema.typeName}`, value: bytesOf(schema, init) };
}

function assignment(addresses: readonly string[]): Buffer {
  const endpointOf = (text: string) => {
    const [address = '', port = ''] = text.split(':');
    const socketAddress = { address, portSpecifier: { case: 'portValue' as const, value: Number(port) } };
    return { address: { address: { case: 'socketAddress' as const, value: socketAddress } } };
  };
  const lbEndpoints = addresses.map((text) => ({ hostIdentifier: { case: 'endpoint' as const, value: endpointOf(text) } }));
  return bytesOf(ClusterLoadAssignmentSchema, { clusterName: 'backend', endpoints: [{ lbEndpoints }] });
}

describe('ContentCache', () => {
  it('reads name, EDS name, timeout and secrets of a cluster', () => {
    const tls = anyOf(UpstreamTlsContextSchema, {
      commonTlsContext: {
        tlsCertificateSdsSecretConfigs: [secret('identity')],
        validationContextType: { case: 'combinedValidationContext', value: { validationContextSdsSecretConfig: secret('ca') } },
      },
    });
    const cluster = bytesOf(ClusterSchema, {
      name: 'backend',
      clusterDiscoveryType: { case: 'type', value: 3 },
      edsClusterConfig: { serviceName: 'backend-eds', edsConfig: overAds },
      connectTimeout: { seconds: 7n, nanos: 500_000_000 },
      transportSocket: { name: 'tls', configType: { case: 'typedConfig', value: tls } },
    });
    const content = new ContentCache().read(TYPES.cluster, cluster);
    expect(content).toMatchObject({ name: 'backend', edsName: 'backend-eds', connectTimeoutMs: 7500, secrets: ['identity', 'ca'] });
  });

  it('does not wait for secrets that come from elsewhere than the stream', () => {
    const tls = anyOf(UpstreamTlsContextSchema, {
      commonTlsContext: { tlsCertificateSdsSecretConfigs: [{ name: 'spire', sdsConfig: {} }] },
    });
    const cluster = bytesOf(ClusterSchema, {
      name: 'a',
      transportSocket: { name: 'tls', configType: { case: 'typedConfig', value: tls } },
    });
    expect(new ContentCache().read(TYPES.cluster, cluster).secrets).toEqual([]);
  });

  it('finds routes, clusters and secrets in the filter chains of a listener', () => {
    const manager = anyOf(HttpConnectionManagerSchema, {
      routeSpecifier: { case: 'rds', value: { routeConfigName: 'outbound:backend', configSource: overAds } },
    });
    const weighted = { clusters: [{ name: 'b', weight: 1 }] };
    const proxy = anyOf(TcpProxySchema, { clusterSpecifier: { case: 'weightedClusters', value: weighted } });
    const tls = anyOf(DownstreamTlsContextSchema, { commonTlsContext: { tlsCertificateSdsSecretConfigs: [secret('identity')] } });
    const filter = (value: ReturnType<typeof anyOf>) => ({ name: 'f', configType: { case: 'typedConfig' as const, value } });
    const listener = bytesOf(ListenerSchema, {
      name: 'inbound',
      filterChains: [
        { filters: [filter(manager)], transportSocket: { name: 'tls', configType: { case: 'typedConfig', value: tls } } },
        { filters: [filter(proxy)] },
      ],
    });
    const content = new ContentCache().read(TYPES.listener, listener);
    expect(content).toMatchObject({ name: 'inbound', routes: ['outbound:backend'], clusters: ['b'], secrets: ['identity'] });
  });

  it('finds every cluster that routes send to', () => {
    const to = (value: MessageInitShape<typeof RouteConfigurationSchema>) => bytesOf(RouteConfigurationSchema, value);
    const routes = [
      {
        action: {
          case: 'route' as const,
          value: { clusterSpecifier: { case: 'cluster' as const, value: 'a' }, requestMirrorPolicies: [{ cluster: 'm' }] },
        },
      },
      {
        action: {
          case: 'route' as const,
          value: { clusterSpecifier: { case: 'weightedClusters' as const, value: { clusters: [{ name: 'b' }, { name: 'c' }] } } },
        },
      },
    ];
    const content = new ContentCache().read(TYPES.route, to({ name: 'r', virtualHosts: [{ name: 'v', routes }] }));
    expect([...content.clusters].sort()).toEqual(['a', 'b', 'c', 'm']);
  });

  it('digests the endpoints of a load assignment whatever their order', () => {
    const address = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 })).map(([ip, port]) => `${ip}:${port}`);
    fc.assert(
      fc.property(fc.array(address), (addresses) => {
        const { endpoints, name } = new ContentCache().read(TYPES.endpoints, assignment(addresses));
        expect(name).toBe('backend');
        expect(endpoints).toBe(endpointsDigest([...addresses].reverse()));
      }),
    );
  });

  it('gives the same object for the same bytes', () => {
    const cache = new ContentCache();
    expect(cache.read(TYPES.endpoints, assignment(['10.0.0.1:80']))).toBe(cache.read(TYPES.endpoints, assignment(['10.0.0.1:80'])));
  });

  it('reads any bytes or refuses them with a RangeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...Object.values(TYPES)), (bytes, type) => {
        try {
          new ContentCache().read(type, Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
