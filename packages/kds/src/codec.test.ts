import { MeshError } from '@mesh/core';
import { coreKinds } from '@mesh/resources';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kindOf, testPolicy } from '../test/kinds.fixture.js';
import { decodeResource, encodeResource, toEncodedResource } from './codec.js';

const dataplane = {
  name: 'echo-1-8zcfzb57dbcbdc58',
  mesh: 'default',
  labels: { 'kuma.io/zone': 'z1', 'kuma.io/origin': 'zone' },
  spec: { networking: { address: '10.77.0.2', inbound: [{ port: 2010, servicePort: 1010, tags: { 'kuma.io/service': 'echo' } }] } },
};

describe('the KumaResource codec', () => {
  it('brings protobuf kinds through the wire and back', () => {
    expect(decodeResource(encodeResource(dataplane, kindOf('Dataplane')), kindOf('Dataplane'))).toEqual(dataplane);
  });

  it('brings plugin kinds through the wire as JSON, with their status', () => {
    const policy = {
      name: 'p',
      mesh: 'default',
      labels: {},
      spec: { targetRef: { kind: 'Mesh' }, to: [{ default: { idleTimeout: '1h0m0s' } }] },
    };
    expect(decodeResource(encodeResource(policy, testPolicy), testPolicy)).toEqual(policy);
  });

  it('reads what Kuma wrote', () => {
    const value = Buffer.from('CiQ3MzU0MjQ3NC03ZmIwLTRhNGYtODIxZS1kODFmYWU0ZGM4MTk=', 'base64');
    const config = { name: 'kuma-cluster-id', mesh: '', labels: {}, spec: { config: '73542474-7fb0-4a4f-821e-d81fae4dc819' } };
    const ours = Buffer.from(encodeResource(config, kindOf('Config')));
    expect(ours.includes(value)).toBe(true);
  });

  it('gives equal versions to equal content, whatever the order of keys', () => {
    const a = { name: 'x', mesh: 'm', labels: { a: '1', b: '2' }, spec: { to: [{ x: 1, y: 2 }], targetRef: { kind: 'Mesh' } } };
    const b = { name: 'x', mesh: 'm', labels: { b: '2', a: '1' }, spec: { targetRef: { kind: 'Mesh' }, to: [{ y: 2, x: 1 }] } };
    expect(toEncodedResource(a, testPolicy).version).toBe(toEncodedResource(b, testPolicy).version);
  });

  it('refuses a spec of another type', () => {
    const bytes = encodeResource({ name: 'x', mesh: '', labels: {}, spec: { enabled: true } }, kindOf('Zone'));
    expect(() => decodeResource(bytes, kindOf('Mesh'))).toThrow(/is a kuma.system.v1alpha1.Zone, not a kuma.mesh.v1alpha1.Mesh/);
  });

  it('throws nothing but MeshError for arbitrary bytes', () => {
    const kinds = [...coreKinds, testPolicy];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(kinds.length - 1), (bytes, at) => {
        const kind = kinds[at];
        if (kind) expectMeshErrorOnly(() => decodeResource(bytes, kind));
      }),
    );
  });

  it('throws nothing but MeshError for damaged resources', () => {
    const good = encodeResource(dataplane, kindOf('Dataplane'));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Uint8Array.from(good);
        damaged[at] = byte;
        expectMeshErrorOnly(() => decodeResource(damaged, kindOf('Dataplane')));
      }),
    );
  });

  it('survives JSON that nests without end', () => {
    const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const bytes = Buffer.concat([Buffer.from([0x0a, 3, 0x0a, 1, 0x78]), field(0x12, field(0x12, Buffer.from(deep)))]);
    expectMeshErrorOnly(() => decodeResource(bytes, testPolicy));
  });
});

function field(tag: number, body: Buffer): Buffer {
  const length: number[] = [];
  for (let n = body.length; ; n >>>= 7) {
    length.push(n > 127 ? (n & 127) | 128 : n);
    if (n <= 127) break;
  }
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

function expectMeshErrorOnly(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(MeshError);
  }
}
