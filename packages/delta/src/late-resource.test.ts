import { describe, expect, it } from 'vitest';
import { DeltaSession } from './delta-session.js';
import { xdsRules } from './rules.js';
import { LateResource, type Snapshot } from './snapshot.js';
import { SotwSession } from './sotw-session.js';

const LISTENER = 'type.googleapis.com/envoy.config.listener.v3.Listener';

function late(version = 'v1') {
  let made = 0;
  const resource = new LateResource('admin', version, () => Uint8Array.of(++made));
  const snapshot: Snapshot = new Map([[LISTENER, { version: `all-${version}`, resources: new Map([['admin', resource]]) }]]);
  return { resource, snapshot, made: () => made };
}

describe('a resource whose body is made late', () => {
  it('is made once, and stays what it was made', () => {
    const { resource, made } = late();
    expect(made()).toBe(0);
    expect([resource.body, resource.body]).toEqual([Uint8Array.of(1), Uint8Array.of(1)]);
  });

  it('is not made for a client that comes with its version, in either variant', () => {
    const [first, second] = [late(), late()];
    const delta = new DeltaSession(xdsRules);
    const none = { typeUrl: LISTENER, subscribe: [], unsubscribe: [], initialVersions: {}, responseNonce: '' };
    delta.onRequest({ ...none, initialVersions: { admin: 'v1' } });
    expect(delta.onSnapshot(first.snapshot)).toEqual([{ type: 'held', typeUrl: LISTENER, version: 'all-v1', nonce: '' }]);
    expect(first.made()).toBe(0);
    const sotw = new SotwSession(xdsRules);
    sotw.onRequest({ typeUrl: LISTENER, versionInfo: 'all-v1', resourceNames: [], responseNonce: '' });
    expect(sotw.onSnapshot(second.snapshot)).toEqual([{ type: 'held', typeUrl: LISTENER, version: 'all-v1', nonce: '' }]);
    expect(second.made()).toBe(0);
  });

  it('is sent to a client that has another version', () => {
    const { snapshot } = late('v2');
    const delta = new DeltaSession(xdsRules);
    delta.onRequest({ typeUrl: LISTENER, subscribe: [], unsubscribe: [], initialVersions: { admin: 'v1' }, responseNonce: '' });
    const [sent] = delta.onSnapshot(snapshot);
    expect(sent?.type === 'send' && sent.resources.map(({ version, body }) => [version, body])).toEqual([['v2', Uint8Array.of(1)]]);
  });
});
