import { describe, expect, it } from 'vitest';
import { snapshotOf } from '../test/model-client.js';
import type { SendAction, SessionAction, SotwRequest } from './actions.js';
import { xdsRules, xdsTypeUrls } from './rules.js';
import { SotwSession } from './sotw-session.js';

const { cluster, endpoint, listener, route } = xdsTypeUrls;

function request(typeUrl: string, part: Partial<SotwRequest> = {}): SotwRequest {
  return { typeUrl, versionInfo: '', resourceNames: [], responseNonce: '', ...part };
}

function sends(actions: readonly SessionAction[]): SendAction[] {
  return actions.filter((action): action is SendAction => action.type === 'send');
}

function names(actions: readonly SessionAction[]): string[][] {
  return sends(actions).map((action) => action.resources.map((r) => `${r.name}@${r.version}`));
}

describe('SotwSession', () => {
  it('answers clusters and listeners in full and endpoints with what is asked for', () => {
    const session = new SotwSession(xdsRules);
    session.onSnapshot(snapshotOf({ [cluster]: { a: '1', b: '1' }, [endpoint]: { a: '1', b: '1' } }));
    expect(names(session.onRequest(request(cluster)))).toEqual([['a@1', 'b@1']]);
    expect(names(session.onRequest(request(endpoint, { resourceNames: ['b', 'missing'] })))).toEqual([['b@1']]);
  });

  it('sends nothing to a client that comes back with the versions it would get, and tells that it has them', () => {
    const snapshot = snapshotOf({ [cluster]: { a: '1' }, [endpoint]: { a: '1', b: '1' } });
    const before = new SotwSession(xdsRules);
    before.onSnapshot(snapshot);
    const clusters = sends(before.onRequest(request(cluster)))[0]!;
    const endpoints = sends(before.onRequest(request(endpoint, { resourceNames: ['a'] })))[0]!;

    const after = new SotwSession(xdsRules);
    expect(after.onRequest(request(cluster, { versionInfo: clusters.version }))).toEqual([]);
    expect(after.onSnapshot(snapshot)).toMatchObject([{ type: 'held', typeUrl: cluster }]);
    expect(after.onRequest(request(endpoint, { versionInfo: endpoints.version, resourceNames: ['a'] }))).toMatchObject([
      { type: 'held', typeUrl: endpoint },
    ]);
    expect(after.onSnapshot(snapshot)).toEqual([]);
    expect(names(after.onRequest(request(endpoint, { versionInfo: endpoints.version, resourceNames: ['a', 'b'] })))).toEqual([['b@1']]);
  });

  it('answers a client that comes back wanting more names than its version covers', () => {
    const snapshot = snapshotOf({ [endpoint]: { a: '1', b: '1' } });
    const before = new SotwSession(xdsRules);
    before.onSnapshot(snapshot);
    const { version } = sends(before.onRequest(request(endpoint, { resourceNames: ['a'] })))[0]!;
    const after = new SotwSession(xdsRules);
    after.onSnapshot(snapshot);
    expect(names(after.onRequest(request(endpoint, { versionInfo: version, resourceNames: ['a', 'b'] })))).toEqual([['a@1', 'b@1']]);
  });

  it('takes requests with the nonce of an older response for no answer', () => {
    const session = new SotwSession(xdsRules);
    session.onSnapshot(snapshotOf({ [listener]: { l: '1' } }));
    session.onRequest(request(listener));
    session.onRequest(request(listener, { responseNonce: '1', versionInfo: 'v' }));
    session.onSnapshot(snapshotOf({ [listener]: { l: '2' } }));
    expect(session.onRequest(request(listener, { responseNonce: '1', versionInfo: 'v' }))).toEqual([]);
    expect(session.onRequest(request(listener, { responseNonce: '2', versionInfo: 'v' }))).toMatchObject([{ type: 'ack', nonce: '2' }]);
  });

  it('does not resend a refused version until the type changes', () => {
    const session = new SotwSession(xdsRules);
    session.onSnapshot(snapshotOf({ [listener]: { l: '1', m: '1' } }));
    session.onRequest(request(listener));
    expect(session.onRequest(request(listener, { responseNonce: '1', error: 'no' }))).toMatchObject([{ type: 'nack', error: 'no' }]);
    expect(session.onSnapshot(snapshotOf({ [listener]: { l: '1', m: '1' } }))).toEqual([]);
    expect(names(session.onSnapshot(snapshotOf({ [listener]: { l: '2', m: '1' } })))).toEqual([['l@2', 'm@1']]);
  });

  it('keeps a cluster that goes until the routes no longer use it', () => {
    const session = new SotwSession(xdsRules);
    session.onSnapshot(snapshotOf({ [cluster]: { old: '1' }, [route]: { r: 'old' } }));
    session.onRequest(request(cluster));
    session.onRequest(request(route, { resourceNames: ['r'] }));
    session.onRequest(request(cluster, { responseNonce: '1' }));
    session.onRequest(request(route, { responseNonce: '2', resourceNames: ['r'] }));

    expect(names(session.onSnapshot(snapshotOf({ [cluster]: { new: '1' }, [route]: { r: 'new' } })))).toEqual([['new@1', 'old@1']]);
    expect(names(session.onRequest(request(cluster, { responseNonce: '3' })))).toEqual([['r@new']]);
    expect(names(session.onRequest(request(route, { responseNonce: '4', resourceNames: ['r'] })))).toEqual([['new@1']]);
  });

  it('sends the endpoints of a changed cluster again although they did not change', () => {
    const session = new SotwSession(xdsRules);
    session.onSnapshot(snapshotOf({ [cluster]: { a: '1', b: '1' }, [endpoint]: { a: '1', b: '1' } }));
    session.onRequest(request(cluster));
    session.onRequest(request(endpoint, { resourceNames: ['a', 'b'] }));
    session.onRequest(request(cluster, { responseNonce: '1' }));
    session.onRequest(request(endpoint, { responseNonce: '2', resourceNames: ['a', 'b'] }));
    const sent = session.onSnapshot(snapshotOf({ [cluster]: { a: '2', b: '1' }, [endpoint]: { a: '1', b: '1' } }));
    expect(names(sent)).toEqual([['a@2', 'b@1'], ['a@1']]);
  });

  it('takes an empty list after names as no interest, not as a wildcard', () => {
    const session = new SotwSession(xdsRules);
    session.onSnapshot(snapshotOf({ [cluster]: { a: '1', b: '1' } }));
    expect(names(session.onRequest(request(cluster, { resourceNames: ['a'] })))).toEqual([['a@1']]);
    session.onRequest(request(cluster, { responseNonce: '1' }));
    expect(names(session.onSnapshot(snapshotOf({ [cluster]: { a: '2', b: '2' } })))).toEqual([]);
  });
});
