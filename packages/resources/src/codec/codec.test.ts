import { DescriptorRegistry, type JsonObject, MeshError, type Resource } from '@mesh/core';
import { dataplane, dataplaneInsight, mesh, resource, secret, zoneIngress } from '@mesh/testing';
import { describe, expect, it } from 'vitest';
import { coreKinds } from '../index.gen.js';
import { toKubernetesDocument } from './kubernetes.js';
import { type ParsedDocument, parseDocument } from './parse.js';
import { draftToDocument, toDocument, toOverview } from './print.js';

const registry = new DescriptorRegistry(coreKinds);
const print = (document: unknown) => JSON.stringify(document, null, 1);
const kind = (name: string) => registry.mustGet(name);
const parse = (document: unknown): ParsedDocument => parseDocument(registry, document);

describe('a printed document', () => {
  it('is byte for byte what Kuma prints of a Mesh', () => {
    const shuffled = mesh().withSpec({
      routing: { zoneEgress: true },
      mtls: { backends: [{ type: 'builtin', name: 'ca-1' }], enabledBackend: 'ca-1' },
    });
    expect(print(toDocument(kind('Mesh'), shuffled.createdAt('2026-11-21T08:01:55.598366727Z').build()))).toBe(`{
 "type": "Mesh",
 "name": "default",
 "creationTime": "2026-11-21T08:01:55.598366727Z",
 "modificationTime": "2026-11-21T08:01:55.598366727Z",
 "kri": "kri_m____default_",
 "mtls": {
  "enabledBackend": "ca-1",
  "backends": [
   {
    "name": "ca-1",
    "type": "builtin"
   }
  ]
 },
 "routing": {
  "zoneEgress": true
 }
}`);
  });

  it('is byte for byte what Kuma prints of a synced ZoneIngress', () => {
    const built = zoneIngress('ingress-01-449bbvz9dz5fx9bd')
      .zone('z2')
      .label('kuma.io/display-name', 'ingress-01')
      .address('10.77.0.3', 10000)
      .advertised('10.77.0.3', 10000)
      .offers('echo-server', { tags: { 'kuma.io/protocol': 'http' } })
      .createdAt('2026-11-21T08:03:52.588239239Z')
      .build();
    expect(print(toDocument(kind('ZoneIngress'), built))).toBe(`{
 "type": "ZoneIngress",
 "name": "ingress-01-449bbvz9dz5fx9bd",
 "creationTime": "2026-11-21T08:03:52.588239239Z",
 "modificationTime": "2026-11-21T08:03:52.588239239Z",
 "labels": {
  "kuma.io/display-name": "ingress-01",
  "kuma.io/origin": "zone",
  "kuma.io/zone": "z2"
 },
 "kri": "kri_zi__z2__ingress-01_",
 "zone": "z2",
 "networking": {
  "address": "10.77.0.3",
  "advertisedAddress": "10.77.0.3",
  "port": 10000,
  "advertisedPort": 10000
 },
 "availableServices": [
  {
   "tags": {
    "kuma.io/protocol": "http",
    "kuma.io/service": "echo-server",
    "kuma.io/zone": "z2"
   },
   "instances": 1,
   "mesh": "default"
  }
 ]
}`);
  });

  it('leaves empty messages in and zero values out, and writes 64-bit counters as text', () => {
    const stored = dataplaneInsight().withSpec({
      subscriptions: [{ generation: 0, id: 'a', status: { rds: {}, total: { responsesSent: 21, responsesRejected: '0' } } }],
      mTLS: { certificateRegenerations: 1, certificateExpirationTime: '2026-11-22T09:02:44.000+01:00' },
    });
    const { type, mesh: inMesh, name, creationTime, modificationTime, ...spec } = toDocument(kind('DataplaneInsight'), stored.build());
    expect(JSON.stringify(spec)).toBe(
      '{"subscriptions":[{"id":"a","status":{"total":{"responsesSent":"21"},"rds":{}}}],"mTLS":{"certificateExpirationTime":"2026-11-22T08:02:44Z","certificateRegenerations":1}}',
    );
  });

  it('has times without zeros at the end of the fraction', () => {
    const built = dataplane('dp-1').inbound('web', 80).build();
    const times = { creationTime: '2026-11-21T08:02:40.000Z', modificationTime: '2026-11-21T08:02:43.120Z' };
    const { creationTime, modificationTime } = toDocument(kind('Dataplane'), { ...built, meta: { ...built.meta, ...times } });
    expect([creationTime, modificationTime]).toEqual(['2026-11-21T08:02:40Z', '2026-11-21T08:02:43.12Z']);
  });

  it('has the insight beside the resource in an overview, and none where there is none', () => {
    const built = dataplane('dp-1').inbound('web', 80).build();
    const insight = { descriptor: kind('DataplaneInsight'), resource: dataplaneInsight().build() };
    const overview = toOverview(kind('Dataplane'), built, insight);
    expect(Object.keys(overview)).toEqual([
      'type',
      'mesh',
      'name',
      'creationTime',
      'modificationTime',
      'kri',
      'dataplane',
      'dataplaneInsight',
    ]);
    expect(overview.type).toBe('DataplaneOverview');
    expect(toOverview(kind('Dataplane'), built)).not.toHaveProperty('dataplaneInsight');
  });

  it('has spec and status under their names for kinds of plugins', () => {
    const plugin = { ...kind('Secret'), kind: 'Thing', shape: 'plugin', hasStatus: true, shortName: 'th' } as const;
    const document = toDocument(plugin, resource('Thing', 't').withSpec({ data: 'aGk=' }).build());
    expect(document).toMatchObject({ type: 'Thing', kri: 'kri_th_default___t_', spec: { data: 'aGk=' }, status: {} });
  });

  it('can take the form Kubernetes has: a namespace, and no label but the mesh of plugin kinds and secrets', () => {
    const form = (name: string, built: Resource, plugin = {}) => toKubernetesDocument({ ...kind(name), ...plugin }, built);
    const creationTimestamp = expect.stringMatching(/:\d\dZ$/);
    const apiVersion = 'kuma.io/v1alpha1';
    expect(form('Dataplane', dataplane().label('a', 'b').build())).toEqual({
      kind: 'Dataplane',
      apiVersion,
      mesh: 'default',
      metadata: { name: 'dp-1', namespace: 'kuma-system', creationTimestamp },
      spec: { networking: { address: '192.168.0.1' } },
    });
    expect(form('ExternalService', resource('ExternalService', 'es').build()).metadata).toEqual({ name: 'es', creationTimestamp });
    expect(form('ExternalService', resource('ExternalService', 't').label('a', 'b').build(), { kind: 'Thing', shape: 'plugin' })).toEqual({
      kind: 'Thing',
      apiVersion,
      metadata: { name: 't', namespace: 'kuma-system', creationTimestamp, labels: { 'kuma.io/mesh': 'default' } },
      spec: {},
    });
  });

  it('is a secret of Kubernetes where it holds one', () => {
    const document = toKubernetesDocument(kind('Secret'), resource('Secret', 's').withSpec({ data: 'aGk=' }).build(), 'other');
    expect(document).toMatchObject({
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: { name: 's', namespace: 'other', labels: { 'kuma.io/mesh': 'default' } },
      data: { value: 'aGk=' },
      type: 'system.kuma.io/secret',
    });
  });
});

describe('a document that is read', () => {
  it('may spell fields with underscores, and loses what it does not know', () => {
    const networking = {
      address: '1.1.1.1',
      inbound: [{ port: '80', service_port: 81, tags: { 'kuma.io/service': 'x' }, bogus: 1 }],
      transparent_proxying: { redirect_port_inbound: 3 },
    };
    const { draft } = parse({ type: 'Dataplane', mesh: 'default', name: 'dp', networking, creationTime: 'whenever', kri: 'x' });
    expect(draft.spec).toEqual({
      networking: {
        address: '1.1.1.1',
        inbound: [{ port: 80, servicePort: 81, tags: { 'kuma.io/service': 'x' } }],
        transparentProxying: { redirectPortInbound: 3 },
      },
    });
  });

  it('has durations in seconds with 0, 3, 6 or 9 decimals, whatever was written', () => {
    const probe = { interval: '1m', timeout: '1.5s' };
    const { draft } = parse({
      type: 'Dataplane',
      mesh: 'm',
      name: 'dp',
      networking: { address: '1.1.1.1', inbound: [{ port: 80, serviceProbe: probe }] },
    });
    expect(draft.spec).toMatchObject({ networking: { inbound: [{ serviceProbe: { interval: '60s', timeout: '1.500s' } }] } });
  });

  it.each([
    [{ type: 'Zone', name: 'z', enabled: 'true' }, /^invalid Zone object: "enabled: expected true or false/],
    [{ type: 'Secret', mesh: 'm', name: 's', data: '!!' }, /^invalid Secret object: "data: illegal base64 data at input byte 0"/],
    [
      { type: 'Mesh', name: 'm', mtls: { backends: [{ mode: 'FOO' }] } },
      /unknown value .*FOO.* for enum kuma.mesh.v1alpha1.CertificateAuthorityBackend.Mode/,
    ],
    [{ type: 'Mesh', name: 'm', labels: { a: 1 } }, /^invalid Mesh object: "labels/],
    [{ type: 'Nothing', name: 'm' }, /^invalid resource type "Nothing"/],
    [{ name: 'm' }, /"type" must name a kind/],
    [[], /expected an object, got a list/],
  ])('is refused as a bad request where its shape is wrong: %j', (document, message) => {
    expect(() => parse(document)).toThrow(expect.objectContaining({ code: 'bad_request', public: expect.stringMatching(message) }));
  });

  it('is refused with all broken rules at once, of name, labels and spec', () => {
    const document = {
      type: 'Dataplane',
      name: 'DP_1',
      mesh: 'M',
      labels: { 'a b': 'c d!', 'kuma.io/origin': 'x', 'kuma.io/workload': 'A' },
      networking: {},
    };
    expect(fieldsOf(document)).toEqual([
      'name',
      'mesh',
      'labels["a b"]',
      'labels["a b"]',
      'labels["kuma.io/origin"]',
      'labels["kuma.io/workload"]',
      'networking.address',
    ]);
  });

  it('warns of names that are no RFC 1035 label, and accepts them', () => {
    expect(parse({ type: 'Mesh', name: 'm7.a' }).warnings).toHaveLength(1);
    expect(parse({ type: 'Zone', name: '1a' }).warnings).toHaveLength(1);
    expect(parse({ type: 'Zone', name: 'a' }).warnings).toHaveLength(0);
  });

  it('belongs to the mesh it names, or to the one the caller means', () => {
    const document = { type: 'Secret', name: 's' };
    expect(() => parse(document)).toThrow(MeshError);
    expect(parseDocument(registry, document, { defaultMesh: 'default' }).draft.mesh).toBe('default');
  });

  it('prints the same from its draft as from the store', () => {
    const { draft, descriptor } = parse({ ...toDocument(kind('Secret'), secret('s', 'hi').build()) } as JsonObject);
    expect(draftToDocument(descriptor, draft)).toMatchObject({
      type: 'Secret',
      mesh: 'default',
      name: 's',
      creationTime: '0001-01-01T00:00:00Z',
      data: 'aGk=',
    });
  });
});

function fieldsOf(document: unknown): string[] {
  try {
    parse(document);
    return [];
  } catch (error) {
    return MeshError.is(error, 'invalid') ? error.violations.map(({ field }) => field) : [String(error)];
  }
}
