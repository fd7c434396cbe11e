import { MeshError, silentLogger } from '@mesh/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WritableView } from '../../test/proxies.fixture.js';
import { ProxyRegistration } from './registration.js';

const KEY = { kind: 'Dataplane', mesh: 'default', name: 'a' };
const DRAFT = { ...KEY, spec: {} };

function registrationOf(store: WritableView): ProxyRegistration {
  return new ProxyRegistration({ view: store.view, writer: store, log: silentLogger, instanceId: 'cp-1', deregistrationDelayMs: 10_000 });
}

describe('a proxy that brings its resource', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is removed after the delay, unless it comes back before', async () => {
    const store = new WritableView([DRAFT]);
    const registration = registrationOf(store);
    registration.left(KEY);
    await vi.advanceTimersByTimeAsync(9999);
    await registration.arrived(KEY);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.view.get(KEY)).toBeDefined();
    registration.left(KEY);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(store.view.get(KEY)).toBeUndefined();
  });

  it('is registered after a removal that has begun, not removed by it', async () => {
    const store = new WritableView([DRAFT]);
    const remove = store.delete.bind(store);
    let removeNow = (): void => {};
    vi.spyOn(store, 'delete').mockImplementationOnce(async (key) => {
      await new Promise<void>((resolve) => (removeNow = resolve));
      await remove(key);
    });
    const registration = registrationOf(store);
    registration.left(KEY);
    await vi.advanceTimersByTimeAsync(10_000);
    const back = registration.arrived(KEY).then(() => registration.register(DRAFT));
    removeNow();
    await back;
    expect(store.view.get(KEY)).toBeDefined();
  });

  it('stays where it connected to another instance, or this one stops', async () => {
    const insight = { ...KEY, kind: 'DataplaneInsight', spec: { subscriptions: [{ controlPlaneInstanceId: 'cp-2' }] } };
    const elsewhere = new WritableView([DRAFT, insight]);
    registrationOf(elsewhere).left(KEY);
    const stopping = new WritableView([DRAFT]);
    const registration = registrationOf(stopping);
    registration.left(KEY);
    registration.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(elsewhere.view.get(KEY)).toBeDefined();
    expect(stopping.view.get(KEY)).toBeDefined();
  });

  it('is on its way in from when it is written until it can be seen, or could not be written', async () => {
    const store = new WritableView([]);
    const registration = registrationOf(store);
    const seen: boolean[] = [];
    store.view.subscribe(({ changes }) => seen.push(...changes.map(({ key }) => registration.isUnderWay(key))));
    await registration.register(DRAFT);
    await store.put({ ...DRAFT, name: 'b' });
    expect(seen).toEqual([true, false]);
    expect(registration.isUnderWay(KEY)).toBe(false);
    vi.spyOn(store, 'put').mockRejectedValueOnce(new MeshError('unavailable', { public: 'no database' }));
    await expect(registration.register(DRAFT)).rejects.toThrow('no database');
    expect(registration.isUnderWay(KEY)).toBe(false);
  });

  it('goes on with what is stored while nothing can be written, and is written once it can', async () => {
    const store = new WritableView([DRAFT]);
    const away = new MeshError('unavailable');
    vi.spyOn(store, 'put').mockRejectedValueOnce(away).mockRejectedValueOnce(away);
    const changed = { ...DRAFT, spec: { networking: { address: '10.0.0.1' } } };
    await registrationOf(store).registerOrKeep(changed, store.view.get(KEY));
    expect(store.view.get(KEY)?.spec).toEqual({});
    await vi.advanceTimersByTimeAsync(10_000);
    expect(store.view.get(KEY)?.spec).toEqual(changed.spec);
  });

  it('is not let in with what breaks a rule, or where nothing is stored of it', async () => {
    const store = new WritableView([DRAFT]);
    const registration = registrationOf(store);
    vi.spyOn(store, 'put').mockRejectedValueOnce(new MeshError('invalid')).mockRejectedValueOnce(new MeshError('unavailable'));
    await expect(registration.registerOrKeep(DRAFT, store.view.get(KEY))).rejects.toMatchObject({ code: 'invalid' });
    await expect(registration.registerOrKeep({ ...DRAFT, name: 'b' }, undefined)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
