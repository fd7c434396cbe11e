import type { JsonObject, Resource } from '@mesh/core';
import { dataplane, mesh, testIdentity, viewOf, zoneIngress } from '@mesh/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ADMIN_NAME,
  type BuildResult,
  buildMeshContext,
  buildSidecar,
  CLUSTER_TYPE,
  commonProtocol,
  destinationClusterName,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  orderPolicies,
  parseNodeMetadata,
  parseProtocol,
  SECRET_TYPE,
  sniOf,
} from '../src/index.js';
import { contextOf, described, observedMesh, observedMetadata, sidecarOf } from './cases.js';

const o = observedMesh();
const versionOf = (result: BuildResult, type: string, name: string) =>
  result.ok ? result.snapshot.get(type)?.resources.get(name)?.version : undefined;
const versionsOf = (result: BuildResult) =>
  result.ok && [...result.snapshot].map(([type, { version, resources }]) => [type, version, [...resources.values()].map((r) => r.version)]);
const adminListenerOf = (result: BuildResult) => (result.ok ? result.snapshot.get(LISTENER_TYPE)?.resources.get(ADMIN_NAME) : undefined);

describe('a sidecar', () => {
  test('lets nobody in while mTLS is on and no policy says who may', () => {
    const listeners = JSON.stringify(described(sidecarOf(contextOf(o.mesh, o.sidecar), 'echo-z1', { identity: testIdentity })).Listener);
    expect(listeners).toContain('"rules":{}');
  });

  test('asks ingresses for a subset only where they have other instances too, for they know no outbounds of this zone', () => {
    const client = dataplane('client').outbound('web', 20013, { version: '2' }).build();
    const ingress = (name: string, version: string) =>
      zoneIngress(name).zone('z2').advertised(`192.168.7.${version}`).offers('web', { tags: { version } }).build();
    const snisOf = (...ingresses: Resource[]) =>
      JSON.stringify(described(sidecarOf(contextOf(o.mesh, client, ...ingresses), 'client', { identity: testIdentity })).Cluster).match(
        /"sni":"[^"]*"/g,
      );
    expect(snisOf(ingress('in-1', '2'))).toEqual(['"sni":"web{mesh=default}"']);
    expect(snisOf(ingress('in-1', '2'), ingress('in-2', '1'))).toEqual(['"sni":"web{mesh=default}"']);
    const mixed = zoneIngress('in-1')
      .zone('z2')
      .advertised('192.168.7.2')
      .offers('web', { tags: { version: '1' } })
      .offers('web', { tags: { version: '2' } });
    expect(snisOf(mixed.build())).toEqual(['"sni":"web{mesh=default,version=2}"']);
  });

  test('gets the same versions for the same state', () => {
    const build = () => versionsOf(sidecarOf(contextOf(o.mesh, o.sidecar, o.remote), 'echo-z1', { identity: testIdentity }));
    expect(build()).toEqual(build());
  });

  test('keeps its admin listener whichever certificate it holds, and gets another for another authority or address', () => {
    const context = contextOf(o.mesh, o.sidecar, o.remote);
    const adminOf = (version: string, certPem: string) => {
      const adminTls = { version, make: () => ({ certPem, keyPem: 'KEY', caPem: 'CA' }) };
      return adminListenerOf(sidecarOf(context, 'echo-z1', { identity: testIdentity, adminTls }));
    };
    const [one, again, other] = [adminOf('ca-1', 'CERT-1'), adminOf('ca-1', 'CERT-2'), adminOf('ca-2', 'CERT-1')];
    expect(again?.version).toBe(one?.version);
    expect(again?.body).not.toEqual(one?.body);
    expect(other?.version).not.toBe(one?.version);
  });

  test('shares the bytes of outbounds, clusters and endpoints with the other sidecars of the mesh', () => {
    const twin = dataplane('twin').outbound('echo-server', 20012).build();
    const context = contextOf(o.mesh, o.sidecar, twin);
    const bodyOf = (name: string, type: string) => {
      const result = sidecarOf(context, name, { identity: testIdentity });
      return result.ok ? result.snapshot.get(type)?.resources.get('echo-server')?.body : undefined;
    };
    expect(bodyOf('echo-z1', CLUSTER_TYPE)).toBe(bodyOf('twin', CLUSTER_TYPE));
    expect(bodyOf('echo-z1', ENDPOINT_TYPE)).toBe(bodyOf('twin', ENDPOINT_TYPE));
  });

  test('gets its endpoints again when their cluster changes, for Envoy waits for them', () => {
    const on = sidecarOf(contextOf(o.mesh, o.sidecar), 'echo-z1', { identity: testIdentity });
    const off = sidecarOf(contextOf(mesh().build(), o.sidecar), 'echo-z1');
    expect(versionOf(on, ENDPOINT_TYPE, 'echo-server')).not.toBe(versionOf(off, ENDPOINT_TYPE, 'echo-server'));
  });

  test('changes nothing but secrets when its certificate is renewed', () => {
    const context = contextOf(o.mesh, o.sidecar);
    const before = sidecarOf(context, 'echo-z1', { identity: testIdentity });
    const after = sidecarOf(context, 'echo-z1', { identity: { ...testIdentity, caPems: [...testIdentity.caPems, testIdentity.certPem] } });
    if (!before.ok || !after.ok) throw new Error('both hold together');
    const changed = [...before.snapshot].filter(([type, { version }]) => after.snapshot.get(type)?.version !== version);
    expect(changed.map(([type]) => type)).toEqual([SECRET_TYPE]);
  });

  test('has a certificate that is made when it is sent, where its version is known before', () => {
    const context = contextOf(o.mesh, o.sidecar);
    let looks = 0;
    const identityIn = (version: string) => ({
      ...testIdentity,
      version,
      get keyPem() {
        looks++;
        return testIdentity.keyPem;
      },
    });
    const secretOf = (version: string) => {
      const result = sidecarOf(context, 'echo-z1', { identity: identityIn(version) });
      return result.ok ? result.snapshot.get(SECRET_TYPE)?.resources.get('identity_cert:secret:default') : undefined;
    };
    const secret = secretOf('v1');
    expect(secretOf('v1')?.version).toBe(secret?.version);
    expect(secretOf('v2')?.version).not.toBe(secret?.version);
    expect(looks).toBe(0);
    expect(Buffer.from(secret?.body ?? []).includes(testIdentity.keyPem)).toBe(true);
  });

  test('is not configured without the certificate its mesh asks for', () => {
    const result = sidecarOf(contextOf(o.mesh, o.sidecar), 'echo-z1');
    expect(result).toEqual({
      ok: false,
      problems: ['secret "identity_cert:secret:default" is used but missing', 'secret "mesh_ca:secret:default" is used but missing'],
    });
  });

  test('listens at the IP of a host name, and does not listen while the name is unknown', () => {
    const named = dataplane('named').address('web.internal').inbound('web', 80).build();
    const names = (resolved: ReadonlyMap<string, string>) => {
      const context = buildMeshContext({
        view: viewOf(mesh().build(), named),
        mesh: 'default',
        zone: 'z1',
        policyKinds: [],
        vips: { port: 80, domain: 'mesh' },
        resolved,
      });
      if (!context) throw new Error('the view has a mesh');
      const listeners = described(buildSidecar({ context, dataplane: named, metadata: parseNodeMetadata({}), plugins: [] })).Listener ?? [];
      return listeners.map((listener) => listener.name);
    };
    expect(names(new Map([['web.internal', '10.1.1.1']]))).toEqual(['inbound:10.1.1.1:80']);
    expect(names(new Map())).toEqual([]);
  });
});

describe('node metadata', () => {
  test('of any shape is read', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(observedMetadata), 'transparentProxy'), fc.jsonValue()), (metadata) => {
        const parsed = parseNodeMetadata(metadata as JsonObject);
        expect(parsed.readinessPort).toBeGreaterThan(0);
      }),
    );
  });

  test('cannot point the admin cluster at another host', () => {
    expect(parseNodeMetadata({ 'dataplane.admin.address': '10.0.0.1', 'dataplane.admin.port': '9901' }).adminAddress).toBe('127.0.0.1');
  });

  test('carries the ports of transparent proxying where the feature says so', () => {
    const transparentProxy = {
      ipFamilyMode: 'ipv4',
      redirect: { inbound: { enabled: true, port: 15006 }, outbound: { enabled: true, port: 15001 } },
    };
    expect(parseNodeMetadata({ transparentProxy }).transparentProxy).toBeUndefined();
    expect(parseNodeMetadata({ transparentProxy, features: ['feature-transparent-proxy-in-dataplane-metadata'] }).transparentProxy).toEqual(
      {
        inboundEnabled: true,
        inboundPort: 15006,
        outboundEnabled: true,
        outboundPort: 15001,
        ipv6: false,
      },
    );
  });
});

describe('names', () => {
  test('of clusters tell subsets apart, and not the order of their tags', () => {
    const name = destinationClusterName({ version: 'v1', 'kuma.io/service': 'backend' });
    expect(name).toMatch(/^backend-[0-9a-f]{16}$/);
    expect(destinationClusterName({ 'kuma.io/service': 'backend', version: 'v1' })).toBe(name);
    expect(destinationClusterName({ 'kuma.io/service': 'backend' })).toBe('backend');
  });

  test('of SNIs carry the mesh and all tags in order', () => {
    expect(sniOf('default', 'backend', { 'kuma.io/service': 'backend', version: 'v1', a: 'b' })).toBe(
      'backend{a=b,mesh=default,version=v1}',
    );
  });
});

test.each([
  [['grpc', 'http2'], 'http2'],
  [['http', 'http2'], 'tcp'],
  [['http', 'HTTP'], 'http'],
  [['http', ''], 'unknown'],
  [['mysql', 'mysql'], 'mysql'],
  [['mysql', 'tcp'], 'unknown'],
  [[], 'unknown'],
])('endpoints that speak %j are reached with %s', (protocols, common) => {
  expect(commonProtocol(protocols.map(parseProtocol))).toBe(common);
});

test('two policies that claim the same place stop the start', () => {
  const policy = { kind: 'A', order: 1 } as unknown as Parameters<typeof orderPolicies>[0][number];
  expect(() => orderPolicies([policy, { ...policy, kind: 'B' }])).toThrow('A and B have the same order 1');
});
