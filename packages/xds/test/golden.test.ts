import { join } from 'node:path';
import type { JsonObject } from '@mesh/core';
import {
  dataplane,
  expectGolden,
  expectNoOrphanGoldens,
  externalService,
  mesh,
  resource,
  secret,
  testIdentity,
  validateWithEnvoy,
  zoneIngress,
} from '@mesh/testing';
import { describe, expect, it } from 'vitest';
import {
  type BuildResult,
  buildZoneEgress,
  buildZoneIngress,
  type ProxyIdentity,
  parseNodeMetadata,
  printVipConfig,
  vipConfigName,
} from '../src/index.js';
import { contextOf, described, observedMesh, observedMetadata, sidecarOf } from './cases.js';

const dir = join(import.meta.dirname, 'testdata');
const parsed = parseNodeMetadata(observedMetadata);
const withFeature = (...features: string[]): JsonObject => ({
  ...observedMetadata,
  features: [...(observedMetadata.features as string[]), ...features],
});
const vips = (...services: string[]) => ({
  kind: 'Config',
  meta: { mesh: '', name: vipConfigName('default'), labels: {}, creationTime: '', modificationTime: '', version: 1 },
  spec: {
    config: printVipConfig(
      services.map((name, i) => ({
        type: 'service',
        name,
        address: `240.0.0.${i + 1}`,
        outbounds: [{ port: 80, tags: { 'kuma.io/service': name }, origin: 'service' }],
      })),
    ),
  },
});

const o = observedMesh();
const web = () =>
  dataplane('web-1')
    .inbound('web', 8080, { protocol: 'http', tags: { 'kuma.io/zone': 'z1' } })
    .outbound('backend', 10001)
    .outbound('redis', 10002);
const backend = (name: string, version: string) =>
  dataplane(name)
    .address(name === 'backend-1' ? '192.168.0.2' : '192.168.0.3')
    .inbound('backend', 80, { protocol: 'http', tags: { version } });
const redis = () => dataplane('redis-1').address('192.168.0.4').inbound('redis', 6379, { tags: {}, protocol: 'tcp' });

const extWeb = () => externalService('ext-web', '10.77.0.254:8088', { 'kuma.io/protocol': 'http' }).build();
const caller = () => dataplane('web-1').outbound('echo-server', 10001).outbound('ext-web', 10002).outbound('db', 10003).build();
const withTls = (name: string, address: string, { tags = {}, ...tls }: Record<string, object | string | boolean>) => {
  const spec = { networking: { address, tls: { enabled: true, ...tls } }, tags: { 'kuma.io/service': name, ...(tags as object) } };
  return externalService(name, address).withSpec(spec).build();
};

/** One of each kind of source for certificates, names and addresses, and one whose secret does not exist. */
const tlsServices = () => [
  secret('db-key', testIdentity.keyPem).build(),
  withTls('httpbin', 'httpbin.org:443', {
    tags: { 'kuma.io/protocol': 'http' },
    caCert: { inlineString: testIdentity.certPem },
    serverName: 'www.httpbin.org',
    allowRenegotiation: true,
  }),
  withTls('db', '10.0.0.9:5432', {
    caCert: { inline: Buffer.from(testIdentity.certPem).toString('base64') },
    clientCert: { inlineString: testIdentity.certPem },
    clientKey: { secret: 'db-key' },
  }),
  withTls('broken', '10.0.0.8:443', { tags: { 'kuma.io/protocol': 'http' }, caCert: { secret: 'nope' } }),
  withTls('mixed', '10.0.0.7:443', { caCert: { inlineString: testIdentity.certPem }, skipHostnameVerification: true }),
  resource('ExternalService', 'plain')
    .withSpec({ networking: { address: '10.0.0.6:80' }, tags: { 'kuma.io/service': 'mixed' } })
    .build(),
];

const egressOf = (identity: ProxyIdentity | undefined) =>
  buildZoneEgress({
    contexts: [contextOf(mesh().mtls().zoneEgress().build(), o.sidecar, o.remote, o.egress, extWeb(), ...tlsServices())],
    egress: o.egress,
    zone: 'z1',
    identities: new Map(identity ? [['default', identity]] : []),
    metadata: parsed,
    plugins: [],
  });

/** Every case: a proxy whose whole configuration is held in a golden file and accepted by Envoy. */
const cases: Record<string, () => BuildResult> = {
  'sidecar-observed': () => sidecarOf(contextOf(o.mesh, o.sidecar, o.remote), 'echo-z1', { identity: testIdentity }),
  'sidecar-plain': () => sidecarOf(contextOf(mesh().build(), web().build(), backend('backend-1', 'v1').build(), redis().build()), 'web-1'),
  'sidecar-permissive': () =>
    sidecarOf(contextOf(mesh().mtls('ca-1', 'PERMISSIVE').build(), web().build(), redis().build()), 'web-1', { identity: testIdentity }),
  'sidecar-vips': () =>
    sidecarOf(
      contextOf(mesh().mtls().build(), web().build(), backend('backend-1', 'v1').build(), redis().build(), vips('backend', 'redis', 'web')),
      'web-1',
      {
        identity: testIdentity,
        metadata: withFeature('feature-bind-outbounds'),
      },
    ),
  'sidecar-transparent': () =>
    sidecarOf(
      contextOf(
        mesh().mtls().build(),
        dataplane('web-1').inbound('web', 8080, { protocol: 'grpc' }).transparent().build(),
        backend('backend-1', 'v1').build(),
        vips('backend'),
      ),
      'web-1',
      { identity: testIdentity },
    ),
  'sidecar-embedded-dns': () =>
    sidecarOf(contextOf(mesh().build(), dataplane('web-1').inbound('web', 8080).build(), vips('backend', 'a_b')), 'web-1', {
      metadata: { ...withFeature('feature-embedded-dns', 'feature-bind-outbounds'), workdir: '/tmp/kuma-dp' },
    }),
  'sidecar-subset': () =>
    sidecarOf(
      contextOf(
        mesh().mtls().build(),
        dataplane('web-1').inbound('web', 8080).outbound('backend', 10001, { version: 'v2' }).build(),
        backend('backend-1', 'v1').build(),
        backend('backend-2', 'v2').build(),
      ),
      'web-1',
      { identity: testIdentity },
    ),
  'sidecar-external': () =>
    sidecarOf(
      contextOf(
        mesh().build(),
        dataplane('web-1').outbound('httpbin', 10001).outbound('db', 10002).build(),
        externalService('httpbin', 'httpbin.org:443', { 'kuma.io/protocol': 'http' }).build(),
        externalService('db', '10.0.0.9:5432').build(),
      ),
      'web-1',
    ),
  'sidecar-refused': () =>
    sidecarOf(
      contextOf(
        mesh().build(),
        web().build(),
        zoneIngress('ingress-2')
          .zone('z2')
          .advertised('10.77.0.3', 10000)
          .offers('backend', { tags: { 'kuma.io/protocol': 'http' } })
          .build(),
        zoneIngress('ingress-3')
          .zone('z3')
          .advertised('10.77.0.4', 10000)
          .offers('backend', { tags: { 'kuma.io/protocol': 'http' } })
          .offers('redis')
          .build(),
      ),
      'web-1',
    ),
  'sidecar-external-tls': () =>
    sidecarOf(
      contextOf(
        mesh().build(),
        dataplane('web-1').outbound('httpbin', 10001).outbound('db', 10002).outbound('broken', 10003).outbound('mixed', 10004).build(),
        ...tlsServices(),
      ),
      'web-1',
    ),
  'sidecar-egress': () =>
    sidecarOf(contextOf(mesh().mtls().zoneEgress().build(), caller(), o.remote, o.egress, extWeb(), ...tlsServices()), 'web-1', {
      identity: testIdentity,
    }),
  'zone-egress-external': () => egressOf(testIdentity),
  'zone-egress-without-certificate': () => egressOf(undefined),
  'zone-ingress-observed': () =>
    buildZoneIngress({ contexts: [contextOf(o.mesh, o.sidecar, o.remote)], ingress: o.ingress, zone: 'z1', metadata: parsed, plugins: [] }),
  'zone-ingress-empty': () => buildZoneIngress({ contexts: [], ingress: o.ingress, zone: 'z1', metadata: parsed, plugins: [] }),
  'zone-egress': () =>
    buildZoneEgress({
      contexts: [contextOf(mesh().mtls().zoneEgress().build(), o.sidecar, o.remote, o.egress)],
      egress: o.egress,
      zone: 'z1',
      identities: new Map(),
      metadata: parsed,
      plugins: [],
    }),
};

describe('configurations', () => {
  it.each(Object.keys(cases))('%s stays as it is written down, and Envoy accepts it', async (name) => {
    const resources = described(cases[name]?.() as BuildResult);
    const { Secret: _secrets, ...shown } = resources;
    expectGolden({ dir, name }, Object.fromEntries(Object.entries(shown).map(([type, list]) => [type.toLowerCase(), list])));
    expect(await validateWithEnvoy(name, resources)).toBeUndefined();
  });

  it('has no golden files left over', () => expectNoOrphanGoldens(dir, Object.keys(cases)));
});
