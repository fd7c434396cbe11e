import type { JsonObject, Resource } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { buildRegistry } from '../registry.js';
import { matters } from './relevance.js';

const KEY = { kind: 'DataplaneInsight', mesh: 'default', name: 'a' };
const registry = buildRegistry();

function insight(subscription: object, more: object = {}): Resource {
  const meta = { name: 'a', mesh: 'default', labels: {}, creationTime: '', modificationTime: '', version: 1 };
  const connected = { id: 's', connectTime: '2026-01-01T00:00:00Z', version: { kumaDp: { version: '1' } } };
  return { kind: KEY.kind, meta, spec: { subscriptions: [{ ...connected, ...subscription }], ...more } as JsonObject };
}

const change = (before: Resource, after: Resource) => matters(registry, { op: 'put', key: KEY, before, after });

describe('insights of a mesh', () => {
  it('are not counted again when only counters of messages moved', () => {
    expect(change(insight({ status: { total: { responsesSent: '1' } } }), insight({ status: { total: { responsesSent: '2' } } }))).toBe(
      false,
    );
  });

  it.each([
    ['a proxy went offline', insight({ disconnectTime: '2026-01-01T00:00:01Z' })],
    ['a proxy came back in another version', insight({ version: { kumaDp: { version: '2' } } })],
    ['a proxy got a certificate of another authority', insight({}, { mTLS: { issuedBackend: 'ca-2' } })],
    ['a proxy supports another authority', insight({}, { mTLS: { supportedBackends: ['ca-2'] } })],
  ])('are counted again when %s', (_what, after) => {
    expect(change(insight({}), after)).toBe(true);
  });

  it('are counted again when a proxy or a policy comes or goes', () => {
    const after = insight({});
    expect(matters(registry, { op: 'put', key: KEY, after })).toBe(true);
    expect(matters(registry, { op: 'delete', key: KEY, before: after })).toBe(true);
    expect(matters(registry, { op: 'delete', key: { kind: 'MeshTimeout', mesh: 'default', name: 'x' } })).toBe(true);
  });
});
