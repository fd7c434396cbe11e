import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { ClusterSchema } from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import { ClusterLoadAssignmentSchema } from '@mesh/proto/envoy/config/endpoint/v3/endpoint_pb.js';
import { ListenerSchema } from '@mesh/proto/envoy/config/listener/v3/listener_pb.js';
import { TcpProxySchema } from '@mesh/proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { describe, expect, it } from 'vitest';
import { ContentCache } from './contents.js';
import { EnvoyModel } from './envoy-model.js';
import { delta, sotw } from './protocol.js';
import { TYPES } from './wire/types.js';

const NODE = { id: 'default.a', cluster: 'a', metadata: {} };
const short = (typeUrl: string) => typeUrl.slice(typeUrl.lastIndexOf('.') + 1);

function anyOf<T extends DescMessage>(schema: T, init: MessageInitShape<T>) {
  return { typeUrl: `type.googleapis.com/${schema.typeName}`, value: toBinary(schema, create(schema, init)) };
}

const cluster = (name: string, seconds = 5n) =>
  anyOf(ClusterSchema, { name, clusterDiscoveryType: { case: 'type', value: 3 }, connectTimeout: { seconds } });
const endpoints = (clusterName: string, priority = 0) => anyOf(ClusterLoadAssignmentSchema, { clusterName, endpoints: [{ priority }] });

function listener(name: string, to: string) {
  const tcp = anyOf(TcpProxySchema, { statPrefix: 's', clusterSpecifier: { case: 'cluster', value: to } });
  return anyOf(ListenerSchema, { name, filterChains: [{ filters: [{ name: 'tcp', configType: { case: 'typedConfig', value: tcp } }] }] });
}

/** An Envoy over SotW, what it sent since it was last asked, and the rules it saw broken. */
function sotwEnvoy() {
  const sent: DiscoveryRequest[] = [];
  const broken: string[] = [];
  let nonce = 0;
  const envoy = new EnvoyModel({
    node: NODE,
    protocol: sotw,
    cache: new ContentCache(),
    events: {
      send: (bytes) => sent.push(fromBinary(DiscoveryRequestSchema, bytes)),
      acknowledged: () => {},
      violated: (rule) => broken.push(rule),
    },
  });
  return {
    envoy,
    broken,
    requests: () => sent.splice(0).map((r) => `${short(r.typeUrl)}@${r.versionInfo}/${r.responseNonce}[${r.resourceNames.join()}]`),
    respond: (typeUrl: string, versionInfo: string, resources: ReturnType<typeof anyOf>[]) => {
      nonce += 1;
      const response = create(DiscoveryResponseSchema, { typeUrl, versionInfo, nonce: String(nonce), resources });
      envoy.receive(Buffer.from(toBinary(DiscoveryResponseSchema, response)));
    },
  };
}

describe('an Envoy over SotW', () => {
  it('asks for clusters first, answers them when they are warm, and asks for listeners then', () => {
    const { envoy, requests, respond, broken } = sotwEnvoy();
    envoy.opened();
    expect(requests()).toEqual(['Cluster@/[]']);
    respond(TYPES.cluster, 'c1', [cluster('b')]);
    expect(requests()).toEqual(['ClusterLoadAssignment@/[b]']);
    respond(TYPES.endpoints, 'e1', [endpoints('b')]);
    expect(requests()).toEqual(['ClusterLoadAssignment@e1/2[b]', 'Cluster@c1/1[]', 'Listener@/[]']);
    respond(TYPES.listener, 'l1', [listener('l', 'b')]);
    expect(requests()).toEqual(['Listener@l1/3[]']);
    expect([envoy.faults(), broken]).toEqual([[], []]);
  });

  it('asks for the endpoints of a changed cluster again and answers only when they came', () => {
    const { envoy, requests, respond } = sotwEnvoy();
    envoy.opened();
    respond(TYPES.cluster, 'c1', [cluster('b')]);
    respond(TYPES.endpoints, 'e1', [endpoints('b')]);
    requests();
    respond(TYPES.cluster, 'c2', [cluster('b', 9n)]);
    expect(requests()).toEqual(['ClusterLoadAssignment@e1/2[b]']);
    expect(envoy.faults()).toContain('clusters are not warm: b');
    respond(TYPES.endpoints, 'e2', [endpoints('b')]);
    expect(requests()).toEqual(['ClusterLoadAssignment@e2/4[b]', 'Cluster@c2/3[]']);
  });

  it('says on a new stream what it holds', () => {
    const { envoy, requests, respond } = sotwEnvoy();
    envoy.opened();
    respond(TYPES.cluster, 'c1', [cluster('b')]);
    respond(TYPES.endpoints, 'e1', [endpoints('b')]);
    requests();
    envoy.opened();
    expect(requests()).toEqual(['Cluster@c1/[]', 'ClusterLoadAssignment@e1/[b]', 'Listener@/[]']);
  });

  it('names what is missing', () => {
    const { envoy, respond } = sotwEnvoy();
    envoy.opened();
    respond(TYPES.cluster, 'c1', [cluster('b')]);
    respond(TYPES.endpoints, 'e1', [endpoints('b')]);
    respond(TYPES.listener, 'l1', [listener('l', 'gone')]);
    expect(envoy.faults()).toEqual(['a route leads to no cluster: gone']);
    respond(TYPES.cluster, 'c2', []);
    expect(envoy.faults()).toEqual(['a route leads to no cluster: gone']);
  });

  it('reports one version with two contents, nonces that come twice, and types nobody asked for', () => {
    const { envoy, respond, broken } = sotwEnvoy();
    envoy.opened();
    respond(TYPES.cluster, 'c1', [cluster('b')]);
    respond(TYPES.cluster, 'c1', [cluster('b', 9n)]);
    respond(TYPES.route, 'r1', []);
    const repeated = create(DiscoveryResponseSchema, { typeUrl: TYPES.cluster, versionInfo: 'c3', nonce: '2' });
    envoy.receive(Buffer.from(toBinary(DiscoveryResponseSchema, repeated)));
    envoy.receive(Buffer.from([0xff]));
    expect(broken).toEqual(['version-reused', 'unrequested-type', 'nonce-repeated', 'unreadable-response']);
  });
});

describe('an Envoy over delta', () => {
  it('subscribes to what comes, unsubscribes from what goes, and says the versions it holds on a new stream', () => {
    const sent: string[] = [];
    const envoy = new EnvoyModel({
      node: NODE,
      protocol: delta,
      cache: new ContentCache(),
      events: {
        send: (bytes) => {
          const { typeUrl, ...r } = fromBinary(DeltaDiscoveryRequestSchema, bytes);
          const held = Object.entries(r.initialResourceVersions).map(([name, version]) => `${name}=${version}`);
          sent.push(
            `${short(typeUrl)}/${r.responseNonce}+${r.resourceNamesSubscribe.join()}-${r.resourceNamesUnsubscribe.join()}(${held.join()})`,
          );
        },
        acknowledged: () => {},
        violated: (rule, detail) => expect.unreachable(`${rule}: ${detail}`),
      },
    });
    const respond = (typeUrl: string, nonce: string, message: { resources?: [string, ReturnType<typeof anyOf>][]; removed?: string[] }) => {
      const resources = (message.resources ?? []).map(([version, resource]) => ({ name: 'b', version, resource }));
      const init = { typeUrl, nonce, resources, removedResources: message.removed ?? [] };
      envoy.receive(Buffer.from(toBinary(DeltaDiscoveryResponseSchema, create(DeltaDiscoveryResponseSchema, init))));
    };
    envoy.opened();
    respond(TYPES.cluster, '1', { resources: [['v1', cluster('b')]] });
    respond(TYPES.endpoints, '2', { resources: [['v2', endpoints('b')]] });
    expect(sent.splice(0)).toEqual([
      'Cluster/+-()',
      'ClusterLoadAssignment/+b-()',
      'ClusterLoadAssignment/2+-()',
      'Cluster/1+-()',
      'Listener/+-()',
    ]);
    envoy.opened();
    expect(sent.splice(0)).toEqual(['Cluster/+-(b=v1)', 'ClusterLoadAssignment/+b-(b=v2)', 'Listener/+-()']);
    respond(TYPES.cluster, '3', { removed: ['b'] });
    expect(sent).toEqual(['ClusterLoadAssignment/+-b()', 'Cluster/3+-()']);
    expect(envoy.held(TYPES.endpoints).size).toBe(0);
  });
});
