import { dataplane, mesh, testIdentity } from '@mesh/testing';
import { describe, expect, test } from 'vitest';
import { type AnyPolicyDescriptor, buildSidecar, type PolicyPlugin, parseNodeMetadata } from '../src/index.js';
import { contextOf, described, observedMetadata } from './cases.js';

const instance = (name: string, address: string, protocol = 'http') =>
  dataplane(name).address(address).inbound('web', 8080, { servicePort: 3000, protocol }).build();

/** A policy whose effect on inbounds is counted, as a statistic with the name of its key. */
function counting(inboundKeyOf: (name: string) => string | undefined) {
  const counted = { times: 0 };
  const plugin: PolicyPlugin = {
    match: (_context, { dataplane: { meta } }) => {
      const inboundKey = inboundKeyOf(meta.name);
      return { outboundKey: '', ...(inboundKey === undefined ? {} : { inboundKey }) };
    },
    configureInbound: ({ inboundKey = 'none' }, { cluster }) => {
      counted.times++;
      cluster.message.altStatName = inboundKey;
    },
  };
  return { counted, policies: [{ kind: 'Counting', order: 100, plugin } as unknown as AnyPolicyDescriptor] };
}

/** Listener and cluster of the inbounds of two instances of a service, and how often policies were asked about them. */
function inboundsOfTwo(options: { protocol?: string; inboundKeyOf?: (name: string) => string | undefined; mtls?: boolean } = {}) {
  const { protocol, inboundKeyOf = () => 'same', mtls = false } = options;
  const instances = [instance('a', '10.1.0.1', protocol), instance('b', '10.1.0.22', protocol)];
  const context = contextOf(mtls ? mesh().mtls().build() : mesh().build(), ...instances);
  const { counted, policies } = counting(inboundKeyOf);
  const found = instances.map((each) => {
    const metadata = parseNodeMetadata(observedMetadata);
    const result = buildSidecar({ context, dataplane: each, metadata, plugins: policies, ...(mtls ? { identity: testIdentity } : {}) });
    const { Listener = [], Cluster = [] } = described(result);
    const isInbound = ({ name }: { name?: unknown }) => /^(inbound|localhost):/.test(String(name));
    return JSON.stringify([Listener.find(isInbound), Cluster.find(isInbound)]);
  });
  return { a: found[0] ?? '', b: found[1] ?? '', times: counted.times };
}

describe('inbounds of the instances of a service', () => {
  test('are made once, and each listens and connects at its own address', () => {
    const { a, b, times } = inboundsOfTwo();
    expect(times).toBe(1);
    expect(a).toContain('"name":"inbound:10.1.0.1:8080"');
    expect(a.match(/"address":"10\.1\.0\.1"/g)).toHaveLength(2);
    expect(a.replaceAll('10.1.0.1', '10.1.0.22')).toBe(b);
  });

  test.each([
    { what: 'policies that matched are others', inboundKeyOf: (name: string) => name },
    { what: 'a policy cannot say what its effect depends on', inboundKeyOf: () => undefined },
  ])('are made for each where $what', ({ inboundKeyOf }) => {
    const { a, b, times } = inboundsOfTwo({ inboundKeyOf });
    expect(times).toBe(2);
    expect(a).toContain(`"altStatName":"${inboundKeyOf('a') ?? 'none'}"`);
    expect(b).toContain(`"altStatName":"${inboundKeyOf('b') ?? 'none'}"`);
  });

  test('are made for each where they speak of their address elsewhere, as statistics of who may come in', () => {
    const { a, b } = inboundsOfTwo({ protocol: 'tcp', mtls: true });
    expect(a).toContain('"statPrefix":"inbound_10_1_0_1_8080."');
    expect(b).toContain('"statPrefix":"inbound_10_1_0_22_8080."');
    expect(a.replaceAll('10.1.0.1', '10.1.0.22').replaceAll('10_1_0_1_', '10_1_0_22_')).toBe(b);
  });

  test('have the same bytes whichever of them was built first, also after a restart', () => {
    const bytes = (first: string, second: string) => {
      const instances = new Map([first, second].map((name) => [name, instance(name, name === 'a' ? '10.1.0.1' : '10.1.0.22')]));
      const context = contextOf(mesh().build(), ...instances.values());
      const versions = new Map<string, unknown>();
      for (const [name, each] of instances) {
        const result = buildSidecar({ context, dataplane: each, metadata: parseNodeMetadata(observedMetadata), plugins: [] });
        if (result.ok)
          versions.set(
            name,
            [...result.snapshot].map(([type, { version }]) => [type, version]),
          );
      }
      return [versions.get('a'), versions.get('b')];
    };
    expect(bytes('a', 'b')).toEqual(bytes('b', 'a'));
  });
});
