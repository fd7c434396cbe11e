import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readDocument, violationsIn } from '../../test/read-document.js';
import { dataplane as descriptor } from './index.js';

const documentOf = (yaml: string): object => ({ type: 'Dataplane', mesh: 'default', name: 'dp', ...(parse(yaml) as object) });
const read = (yaml: string) => readDocument(documentOf(yaml));
const violationsOf = (yaml: string): string[] => violationsIn(documentOf(yaml));

describe('the rules for a Dataplane', () => {
  it('ask for networking and an address', () => {
    expect(violationsOf('{}')).toEqual(['networking: must be defined']);
    expect(violationsOf('networking: {}')).toEqual(["networking.address: address can't be empty"]);
    expect(violationsOf('networking: {address: "::"}')).toEqual(['networking.address: must not be 0.0.0.0 or ::']);
    expect(violationsOf('networking: {address: "foo_bar!"}')).toEqual([
      'networking.address: address has to be valid IP address or domain name',
    ]);
    expect(violationsOf('networking: {address: Foo.Bar}')).toEqual([]);
  });

  it('report every mistake of an inbound in the order of Kuma', () => {
    const found = violationsOf(`
networking:
  address: 10.0.0.1
  inbound:
  - {address: bar, servicePort: 70000, serviceAddress: foo, protocol: bogus,
     tags: {"kuma.io/protocol": zz, "x y": "1 2", e: ""},
     serviceProbe: {interval: 0s, timeout: 0s, unhealthyThreshold: 0, healthyThreshold: 0}}`);
    expect(found.map((line) => line.slice('networking.inbound[0].'.length))).toEqual([
      'port: port must be in the range [1, 65535]',
      'servicePort: port must be in the range [1, 65535]',
      'serviceAddress: serviceAddress has to be valid IP address',
      'address: address has to be valid IP address',
      'tags["kuma.io/protocol"]: tag "kuma.io/protocol" has an invalid value "zz". Allowed values: grpc, http, http2, kafka, tcp',
      'tags["e"]: tag value must be non-empty',
      'tags["x y"]: tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores',
      'tags["x y"]: tag value must consist of alphanumeric characters, dots, dashes and underscores',
      'protocol: has an invalid value "bogus". Allowed values: grpc, http, http2, kafka, tcp',
      'serviceProbe.interval: must have a positive value',
      'serviceProbe.timeout: must have a positive value',
      'serviceProbe.unhealthyThreshold: must have a positive value',
      'serviceProbe.healthyThreshold: must have a positive value',
      'tags["kuma.io/service"]: tag has to exist',
    ]);
  });

  it('keep a proxy from forwarding to its own listener', () => {
    const inbound = (ports: string) =>
      violationsOf(`networking: {address: 10.0.0.1, inbound: [{tags: {kuma.io/service: a}, serviceAddress: 10.0.0.1, ${ports}}]}`);
    expect(inbound('port: 82')).toEqual([
      'networking.inbound[0].serviceAddress: serviceAddress and servicePort has to differ from address and port',
    ]);
    expect(inbound('port: 82, servicePort: 83')).toEqual([]);
  });

  it('want of an outbound either a backendRef or the tag of a service', () => {
    const found = violationsOf(`
networking:
  address: 10.0.0.1
  outbound:
  - {port: 0, address: foo}
  - {port: 10, tags: {a: b}}
  - {port: 10, backendRef: {kind: Foo}}
  - {port: 11, backendRef: {kind: MeshService, name: x, port: 80}, tags: {kuma.io/service: x}}
  - {port: 11, backendRef: {kind: MeshExternalService, name: x}}
  - {port: 12, tags: {kuma.io/service: x}}`);
    expect(found.map((line) => line.slice('networking.outbound'.length))).toEqual([
      '[0].port: port must be in the range [1, 65535]',
      '[0].address: address has to be valid IP address',
      '[0].tags: mandatory tag "kuma.io/service" is missing',
      '[1].tags: mandatory tag "kuma.io/service" is missing',
      '[2].backendRef.kind: invalid value. Available values are: MeshExternalService,MeshMultiZoneService,MeshService',
      "[2].backendRef: either 'name' or 'labels' should be specified",
      '[2].backendRef.port: port must be in the range [1, 65535]',
      '[3].backendRef: both backendRef and tags/service cannot be defined',
    ]);
  });

  it('spell the path of reachable backends as the wire does', () => {
    const refs = '[{kind: Foo}, {kind: MeshService, name: x, labels: {a: b}}, {kind: MeshService, namespace: x}]';
    expect(violationsOf(`networking: {address: 10.0.0.1, transparentProxying: {reachableBackends: {refs: ${refs}}}}`)).toEqual([
      'networking.transparentProxing.reachableBackends.refs[0].kind: invalid value. Available values are: MeshExternalService,MeshMultiZoneService,MeshService',
      'networking.transparentProxing.reachableBackends.refs[0].name: name or labels are required',
      'networking.transparentProxing.reachableBackends.refs[1].labels: labels cannot be defined when name is specified',
      'networking.transparentProxing.reachableBackends.refs[2].name: name is required, when namespace is defined',
    ]);
  });

  it('forbid gateways what they cannot have', () => {
    const parts =
      'inbound: [{port: 1}], outbound: [{port: 1, tags: {kuma.io/service: x}}], listeners: [{type: ZoneIngress, address: 1.1.1.1, port: 1, name: a}]';
    expect(
      violationsOf(`{networking: {address: 1.1.1.1, gateway: {type: BUILTIN, tags: {kuma.io/protocol: http}}, ${parts}}, probes: {}}`),
    ).toEqual([
      'networking.inbound: inbound cannot be defined for builtin gateways',
      'networking.outbound: outbound cannot be defined for builtin gateways',
      'networking.listeners: listeners cannot be defined for builtin gateways',
      'networking.probes: probes cannot be defined for builtin gateways',
      'networking.gateway.tags["kuma.io/protocol"]: other values than tcp are not allowed, provided value "http"',
      'networking.gateway.tags: mandatory tag "kuma.io/service" is missing',
    ]);
    expect(violationsOf(`networking: {address: 1.1.1.1, gateway: {tags: {kuma.io/service: x}}, ${parts}}`)).toEqual([
      'networking.inbound: inbound cannot be defined for delegated gateways',
      'networking.listeners: listeners cannot be defined for delegated gateways',
    ]);
  });

  it('keep the admin port apart from ports on the loopback', () => {
    const ports = 'admin: {port: 10}, inbound: [{port: 10, address: 127.0.0.1}], outbound: [{port: 10, tags: {kuma.io/service: a}}]';
    expect(violationsOf(`networking: {address: 10.0.0.1, ${ports}}`)).toEqual([
      'networking.admin.port: must differ from inbound',
      'networking.admin.port: must differ from outbound',
    ]);
  });

  it('keep listeners of zone proxies apart from inbounds and from each other', () => {
    const found = violationsOf(`
networking:
  address: 10.0.0.1
  inbound: [{port: 80, name: a}]
  listeners:
  - {type: ZoneIngress, address: 10.0.0.1, port: 80, name: a}
  - {type: ZoneEgress, address: 10.0.0.1, port: 99, name: b}
  - {address: 10.0.0.1, port: 99, name: c}`);
    expect(found).toEqual([
      'networking.listeners[0].name: name "a" must be unique across inbounds and listeners',
      'networking.listeners[0]: address:port 10.0.0.1:80 collides with an inbound listener',
      'networking.listeners[2].type: type must be ZoneIngress or ZoneEgress',
      'networking.listeners[2]: address:port 10.0.0.1:99 is already used by another listener',
    ]);
  });

  it('check probes and metrics', () => {
    expect(
      violationsOf('{networking: {address: 1.1.1.1}, probes: {endpoints: [{inboundPath: "%zz", path: "/a"}]}, metrics: {type: foo}}'),
    ).toEqual([
      'probes.port: port must be in the range [1, 65535]',
      'probes.endpoints[0].inboundPort: port must be in the range [1, 65535]',
      'probes.endpoints[0].inboundPath: should be a valid URL Path',
      'metrics.type: unknown backend type. Available backends: "prometheus"',
    ]);
  });
});

describe('old forms of a Dataplane', () => {
  it('of the first manuals are read: interface and tag service', () => {
    const { draft, warnings } = read(`
networking:
  inbound:
  - interface: 127.0.0.1:9000:6379
    tags: {service: redis}`);
    expect(draft.spec).toEqual({
      networking: { address: '127.0.0.1', inbound: [{ port: 9000, servicePort: 6379, tags: { 'kuma.io/service': 'redis' } }] },
    });
    expect(warnings).toEqual([
      'networking.inbound[0].tags: the tag "service" is an old form, write "kuma.io/service" instead',
      'networking.inbound[0].interface: "127.0.0.1:9000:6379" is an old form, write {"port":9000,"servicePort":6379} and networking.address "127.0.0.1" instead',
    ]);
  });

  it('of the first manuals are read: outbound with interface and service', () => {
    const { draft, warnings } = read(`
networking:
  inbound:
  - {interface: "127.0.0.1:8000:80", tags: {service: backend, protocol: http}}
  outbound:
  - {interface: ":10000", service: redis}`);
    expect(draft.spec).toMatchObject({
      networking: {
        inbound: [{ port: 8000, servicePort: 80, tags: { 'kuma.io/service': 'backend', 'kuma.io/protocol': 'http' } }],
        outbound: [{ port: 10000, tags: { 'kuma.io/service': 'redis' } }],
      },
    });
    expect(warnings).toContain('networking.outbound[0].interface: ":10000" is an old form, write {"port":10000} instead');
    expect(warnings).toContain(
      'networking.outbound[0].service: "service" is an old form, write tags: {"kuma.io/service": "redis"} instead',
    );
  });

  it('keep the address of an inbound that differs from the address of the Dataplane', () => {
    const { draft } = read('networking: {address: 10.0.0.1, inbound: [{interface: "[::1]:80", tags: {service: a}}]}');
    expect(draft.spec).toMatchObject({ networking: { address: '10.0.0.1', inbound: [{ address: '::1', port: 80 }] } });
  });

  it("leave tags alone that are a user's own", () => {
    const { draft, warnings } = read(
      'networking: {address: 10.0.0.1, inbound: [{port: 1, tags: {kuma.io/service: a, service: b, protocol: c}}]}',
    );
    expect(draft.spec).toMatchObject({ networking: { inbound: [{ tags: { 'kuma.io/service': 'a', service: 'b', protocol: 'c' } }] } });
    expect(warnings).toEqual([]);
  });

  it('become a ZoneIngress where networking.ingress stands', () => {
    const {
      draft,
      descriptor: kind,
      warnings,
    } = read(`
networking:
  address: 127.0.0.1
  ingress: {}
  inbound:
  - port: 10000
    tags: {service: ingress}`);
    expect(kind.kind).toBe('ZoneIngress');
    expect(draft).toMatchObject({ kind: 'ZoneIngress', mesh: '', name: 'dp', spec: { networking: { address: '127.0.0.1', port: 10000 } } });
    expect(warnings).toEqual([
      expect.stringContaining('write {"type":"ZoneIngress","name":"dp","networking":{"address":"127.0.0.1","port":10000}} instead'),
      expect.stringContaining('other zones cannot reach'),
    ]);
    expect(draft.labels).toEqual({ 'ingress.kuma.io/former-mesh': 'default' });
  });

  it('keep the public address of an ingress as the advertised one', () => {
    const { draft } = read(
      'networking: {address: 10.0.0.1, ingress: {publicAddress: 1.2.3.4, publicPort: 10001}, inbound: [{port: 10000}]}',
    );
    expect(draft.spec).toEqual({ networking: { address: '10.0.0.1', advertisedAddress: '1.2.3.4', port: 10000, advertisedPort: 10001 } });
  });
});

describe('what a Dataplane says of itself', () => {
  it('is its type of proxy', () => {
    const labels = (networking: object) => descriptor.computedLabels?.({ networking });
    expect(labels({})).toEqual({ 'kuma.io/proxy-type': 'sidecar' });
    expect(labels({ gateway: {} })).toEqual({ 'kuma.io/proxy-type': 'sidecar' });
    expect(labels({ gateway: { type: 'BUILTIN' } })).toEqual({ 'kuma.io/proxy-type': 'gateway' });
    expect(labels({ listeners: [{ type: 'ZoneEgress' }] })).toEqual({
      'kuma.io/proxy-type': 'sidecar',
      'kuma.io/listener-zoneegress': 'enabled',
    });
  });
});
