import { MeshError } from '@mesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProxyNode } from './node.js';

describe('the node of a proxy', () => {
  it('names mesh and proxy, split at the first dot', () => {
    expect(parseProxyNode('default.a.b', {}).key).toEqual({ kind: 'Dataplane', mesh: 'default', name: 'a.b' });
    expect(parseProxyNode('.in-1', { 'dataplane.proxyType': 'ingress' }).key).toEqual({ kind: 'ZoneIngress', mesh: '', name: 'in-1' });
    expect(parseProxyNode('.out-1', { 'dataplane.proxyType': 'egress' }).key).toEqual({ kind: 'ZoneEgress', mesh: '', name: 'out-1' });
  });

  it.each([
    ['default', {}],
    ['default.', {}],
    ['.a', {}],
    ['default.in', { 'dataplane.proxyType': 'ingress' }],
    ['default.a', { 'dataplane.proxyType': 'router' }],
  ])('is refused as %s with %j', (id, metadata) => {
    expect(() => parseProxyNode(id, metadata)).toThrow(MeshError);
  });

  it('is read, or refused with a reason, whatever the metadata hold', () => {
    const metadata = fc.dictionary(fc.constantFrom('dataplane.proxyType', 'dataplane.resource', 'features', 'version'), fc.jsonValue());
    fc.assert(
      fc.property(fc.string(), metadata, (id, given) => {
        try {
          parseProxyNode(id, given as never);
        } catch (error) {
          expect(error).toBeInstanceOf(MeshError);
        }
      }),
    );
  });
});
