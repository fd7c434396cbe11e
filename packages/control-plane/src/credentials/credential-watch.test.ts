import { MeshError, silentLogger } from '@mesh/core';
import { globalSecretDraft } from '@mesh/identity';
import { describe, expect, it, vi } from 'vitest';
import { WritableView } from '../../test/proxies.fixture.js';
import { CredentialWatch } from './credential-watch.js';

const REVOCATIONS = globalSecretDraft('zone-token-revocations', 'a');
const revoked = new MeshError('unauthenticated', { public: 'the token is revoked' });

function setUp(now = Date.now()) {
  const store = new WritableView();
  const clock = { at: now, now: () => clock.at };
  const watch = new CredentialWatch({ view: store.view, clock, log: silentLogger });
  watch.start();
  return { store, clock, watch };
}

describe('a held credential', () => {
  it('is refused at once where it is not good', async () => {
    const { watch } = setUp();
    await expect(watch.hold(() => Promise.reject(revoked), vi.fn())).rejects.toBe(revoked);
  });

  it('is checked again when keys or revocations change, not for other changes, and lost where it is no longer good', async () => {
    const { store, watch } = setUp();
    const check = vi.fn(async () => ({}));
    const lost = vi.fn();
    await watch.hold(check, lost);
    await store.put(globalSecretDraft('something', 'x'));
    expect(check).toHaveBeenCalledTimes(1);
    await store.put(REVOCATIONS);
    await vi.waitFor(() => expect(check).toHaveBeenCalledTimes(2));
    check.mockRejectedValue(revoked);
    await store.put(REVOCATIONS);
    await vi.waitFor(() => expect(lost).toHaveBeenCalledExactlyOnceWith(revoked));
  });

  it('does not miss a revocation that comes during its first check', async () => {
    const { store, watch } = setUp();
    const check = vi.fn(async () => {
      if (check.mock.calls.length > 1) throw revoked;
      await store.put(REVOCATIONS);
      return {};
    });
    await expect(watch.hold(check, vi.fn())).rejects.toBe(revoked);
  });

  it('is kept where a check fails for reasons of ours', async () => {
    const { store, watch } = setUp();
    const check = vi.fn(async () => ({}));
    const lost = vi.fn();
    await watch.hold(check, lost);
    check.mockRejectedValue(new Error('out of memory'));
    await store.put(REVOCATIONS);
    await vi.waitFor(() => expect(check).toHaveBeenCalledTimes(2));
    expect(lost).not.toHaveBeenCalled();
  });

  it('is lost when it expires, by the clock and not by the timer, however far away that is', async () => {
    vi.useFakeTimers();
    try {
      const { clock, watch } = setUp(0);
      const lost = vi.fn();
      const tenYears = 87_600 * 3_600_000;
      await watch.hold(async () => ({ expiresAt: tenYears }), lost);
      await vi.advanceTimersByTimeAsync(2 ** 31);
      expect(lost).not.toHaveBeenCalled();
      clock.at = tenYears - 500;
      await vi.advanceTimersByTimeAsync(2 ** 31);
      expect(lost).not.toHaveBeenCalled();
      clock.at = tenYears;
      await vi.advanceTimersByTimeAsync(500);
      expect(lost).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'unauthenticated' }));
    } finally {
      vi.useRealTimers();
    }
  });

  it('tells nobody after its release, and nothing is left of it', async () => {
    const { store, watch } = setUp();
    const check = vi.fn(async () => ({}));
    const lost = vi.fn();
    (await watch.hold(check, lost)).release();
    check.mockRejectedValue(revoked);
    await store.put(REVOCATIONS);
    expect(check).toHaveBeenCalledTimes(1);
    expect(lost).not.toHaveBeenCalled();
  });
});
