import { describe, expect, it } from 'vitest';
import { snapshotOf } from '../test/model-client.js';
import type { DeltaRequest, SendAction, SessionAction } from './actions.js';
import { DeltaSession } from './delta-session.js';
import { xdsRules, xdsTypeUrls } from './rules.js';

const { cluster, endpoint, listener, route } = xdsTypeUrls;

function request(typeUrl: string, part: Partial<DeltaRequest> = {}): DeltaRequest {
  return { typeUrl, subscribe: [], unsubscribe: [], initialVersions: {}, responseNonce: '', ...part };
}

function sends(actions: readonly SessionAction[]) {
  return actions
    .filter((action): action is SendAction => action.type === 'send')
    .map(({ typeUrl, nonce, resources, removed }) => ({ typeUrl, nonce, names: resources.map((r) => r.name), removed }));
}

describe('DeltaSession', () => {
  it('sends nothing before the first snapshot, then answers what was asked', () => {
    const session = new DeltaSession(xdsRules);
    expect(session.onRequest(request(cluster))).toEqual([]);
    const sent = session.onSnapshot(snapshotOf({ [cluster]: { a: '1' } }));
    expect(sends(sent)).toEqual([{ typeUrl: cluster, nonce: '1', names: ['a'], removed: [] }]);
  });

  it('answers a name that does not exist with its removal, and sends it once it does', () => {
    const session = new DeltaSession(xdsRules);
    session.onSnapshot(snapshotOf({}));
    expect(sends(session.onRequest(request(endpoint, { subscribe: ['a'] })))).toMatchObject([{ names: [], removed: ['a'] }]);
    expect(session.onRequest(request(endpoint, { responseNonce: '1' }))).toEqual([
      { type: 'ack', typeUrl: endpoint, nonce: '1', version: '' },
    ]);
    expect(sends(session.onSnapshot(snapshotOf({ [endpoint]: { a: '1' } })))).toMatchObject([{ names: ['a'], removed: [] }]);
  });

  it('tells a client that comes back only what differs, removals included', () => {
    const session = new DeltaSession(xdsRules);
    session.onSnapshot(snapshotOf({ [cluster]: { a: '1', b: '2' } }));
    expect(session.onRequest(request(endpoint, { subscribe: [], initialVersions: {} }))).toEqual([]);
    const sent = session.onRequest(request(cluster, { subscribe: ['*'], initialVersions: { a: '1', b: '1', gone: '7' } }));
    expect(sends(sent)).toMatchObject([{ names: ['b'], removed: [] }]);
    const next = session.onRequest(request(cluster, { responseNonce: '1' }));
    expect(sends(next)).toMatchObject([{ names: [], removed: ['gone'] }]);
  });

  it('sends nothing to a client that has everything, and tells that it has', () => {
    const session = new DeltaSession(xdsRules);
    session.onSnapshot(snapshotOf({ [cluster]: { a: '1' }, [endpoint]: { a: '1' } }));
    expect(session.onRequest(request(cluster, { subscribe: ['*'], initialVersions: { a: '1' } }))).toMatchObject([{ type: 'held' }]);
    expect(session.onRequest(request(endpoint, { subscribe: ['a'], initialVersions: { a: '1' } }))).toMatchObject([{ type: 'held' }]);
    expect(session.settled).toBe(true);
  });

  it('keeps one response per type unanswered and then sends only the latest', () => {
    const session = new DeltaSession(xdsRules);
    session.onSnapshot(snapshotOf({ [listener]: { l: '1' } }));
    session.onRequest(request(listener));
    expect(session.onSnapshot(snapshotOf({ [listener]: { l: '2' } }))).toEqual([]);
    expect(session.onSnapshot(snapshotOf({ [listener]: { l: '3' } }))).toEqual([]);
    const actions = session.onRequest(request(listener, { responseNonce: '1' }));
    expect(actions[0]).toMatchObject({ type: 'ack', nonce: '1' });
    expect(actions[1]).toMatchObject({ type: 'send', nonce: '2', resources: [{ name: 'l', version: '3' }] });
  });

  it('does not resend what was refused until a part of it changes, and then all of it', () => {
    const session = new DeltaSession(xdsRules);
    session.onSnapshot(snapshotOf({ [listener]: { good: '1', bad: '1' } }));
    session.onRequest(request(listener));
    expect(session.onRequest(request(listener, { responseNonce: '1', error: 'no' }))).toEqual([
      { type: 'nack', typeUrl: listener, nonce: '1', version: expect.any(String), error: 'no' },
    ]);
    expect(sends(session.onSnapshot(snapshotOf({ [listener]: { good: '1', bad: '1', other: '1' } })))).toMatchObject([
      { names: ['other'] },
    ]);
    session.onRequest(request(listener, { responseNonce: '2' }));
    const sent = session.onSnapshot(snapshotOf({ [listener]: { good: '1', bad: '2', other: '1' } }));
    expect(sends(sent)).toMatchObject([{ names: ['good', 'bad'] }]);
  });

  it('ignores the answer to an older response but takes its subscriptions', () => {
    const session = new DeltaSession(xdsRules);
    session.onSnapshot(snapshotOf({ [endpoint]: { a: '1', b: '1' } }));
    session.onRequest(request(endpoint, { subscribe: ['a'] }));
    expect(session.onRequest(request(endpoint, { responseNonce: '0', subscribe: ['b'], error: 'late' }))).toEqual([]);
    expect(sends(session.onRequest(request(endpoint, { responseNonce: '1' })))).toMatchObject([{ names: ['b'] }]);
  });

  it('sends the endpoints of a cluster again when the cluster changed, also for a client that came back', () => {
    const session = new DeltaSession(xdsRules);
    session.onSnapshot(snapshotOf({ [cluster]: { a: '2' }, [endpoint]: { a: '1' } }));
    expect(sends(session.onRequest(request(cluster, { subscribe: ['*'], initialVersions: { a: '1' } })))).toMatchObject([{ names: ['a'] }]);
    const sent = session.onRequest(request(endpoint, { subscribe: ['a'], initialVersions: { a: '1' } }));
    expect(sends(sent)).toMatchObject([{ typeUrl: endpoint, names: ['a'] }]);
  });

  it('holds routes to a new cluster back until that is answered, or until told to hurry', () => {
    const start = () => {
      const session = new DeltaSession(xdsRules);
      session.onSnapshot(snapshotOf({ [cluster]: { a: '1' }, [route]: { r: 'a' } }));
      session.onRequest(request(cluster));
      session.onRequest(request(route, { subscribe: ['r'] }));
      session.onRequest(request(cluster, { responseNonce: '1' }));
      session.onRequest(request(route, { responseNonce: '2' }));
      const sent = session.onSnapshot(snapshotOf({ [cluster]: { a: '1', b: '1' }, [route]: { r: 'b' } }));
      expect(sends(sent)).toMatchObject([{ typeUrl: cluster, names: ['b'] }]);
      expect(session.waiting).toBe(true);
      return session;
    };
    expect(sends(start().onRequest(request(cluster, { responseNonce: '3' })))).toMatchObject([{ typeUrl: route }]);
    const session = start();
    expect(sends(session.hurry())).toMatchObject([{ typeUrl: route }]);
    expect(session.waiting).toBe(false);
  });

  it('refuses a stream with too many types', () => {
    const session = new DeltaSession(xdsRules);
    for (let i = 0; i < 256; i++) session.onRequest(request(`type-${i}`));
    expect(() => session.onRequest(request('one-more'))).toThrow(expect.objectContaining({ code: 'too_large' }));
  });
});
