import { silentLogger } from '@mesh/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CertificateKeeper, type ProxyCertificate } from './certificate-keeper.js';

const KEY = { kind: 'Dataplane', mesh: 'default', name: 'a' };
const HOUR_MS = 3_600_000;

let serial = 0;
async function issue(): Promise<ProxyCertificate> {
  serial += 1;
  return {
    certificatePem: `cert-${serial}`,
    privateKeyPem: 'key',
    issuedAtMs: Date.now(),
    expiresAtMs: Date.now() + 10 * HOUR_MS,
    version: `v${serial}`,
  };
}

function keeperOf(onIssued = vi.fn(), onTakenBack = vi.fn()) {
  const keeper = new CertificateKeeper({
    clock: { now: () => Date.now() },
    log: silentLogger,
    onIssued,
    onTakenBack,
    backoff: { baseMs: 5000, maxMs: 300_000 },
  });
  return { keeper, onIssued, onTakenBack };
}

describe('the certificate keeper', () => {
  beforeEach(() => {
    serial = 0;
    vi.useFakeTimers();
  });
  afterEach(() => void vi.useRealTimers());

  it('makes the first certificate in the background and tells when it is there', async () => {
    const { keeper, onIssued } = keeperOf();
    expect(keeper.want(KEY, { fingerprint: 'f', issue })).toBeUndefined();
    await vi.advanceTimersByTimeAsync(0);
    expect(onIssued).toHaveBeenCalledOnce();
    expect(keeper.want(KEY, { fingerprint: 'f', issue })?.certificatePem).toBe('cert-1');
  });

  it('replaces a certificate at four fifths of its life', async () => {
    const { keeper, onIssued } = keeperOf();
    keeper.want(KEY, { fingerprint: 'f', issue });
    await vi.advanceTimersByTimeAsync(8 * HOUR_MS - 1);
    expect(onIssued).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(onIssued).toHaveBeenCalledTimes(2);
  });

  it('keeps the old certificate until the one for changed tags is there', async () => {
    const { keeper } = keeperOf();
    keeper.want(KEY, { fingerprint: 'f', issue });
    await vi.advanceTimersByTimeAsync(0);
    expect(keeper.want(KEY, { fingerprint: 'g', issue })?.certificatePem).toBe('cert-1');
    await vi.advanceTimersByTimeAsync(0);
    expect(keeper.want(KEY, { fingerprint: 'g', issue })?.certificatePem).toBe('cert-2');
  });

  it('issues once more when the order changed while it was carried out', async () => {
    const { keeper, onIssued } = keeperOf();
    keeper.want(KEY, { fingerprint: 'f', issue });
    keeper.want(KEY, { fingerprint: 'g', issue });
    await vi.advanceTimersByTimeAsync(0);
    expect(onIssued).toHaveBeenCalledTimes(2);
  });

  it('waits longer after each failure, at most five minutes, and not for a changed order', async () => {
    const { keeper, onIssued } = keeperOf();
    const failing = vi.fn(async (): Promise<ProxyCertificate> => Promise.reject(new Error('no CA')));
    keeper.want(KEY, { fingerprint: 'f', issue: failing });
    await vi.advanceTimersByTimeAsync(0);
    keeper.want(KEY, { fingerprint: 'f', issue: failing });
    await vi.advanceTimersByTimeAsync(4999);
    expect(failing).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1 + 10_000 + 20_000);
    expect(failing).toHaveBeenCalledTimes(4);
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    const afterAnHour = failing.mock.calls.length;
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(failing.mock.calls.length - afterAnHour).toBe(12);
    keeper.want(KEY, { fingerprint: 'g', issue });
    await vi.advanceTimersByTimeAsync(0);
    expect(onIssued).toHaveBeenCalledOnce();
  });

  it('drops what was made for a proxy that left', async () => {
    const { keeper, onIssued } = keeperOf();
    keeper.want(KEY, { fingerprint: 'f', issue });
    keeper.forget(KEY);
    await vi.advanceTimersByTimeAsync(20 * HOUR_MS);
    expect(onIssued).not.toHaveBeenCalled();
  });

  it('gives a proxy that returns as the same its own certificate, says so, and replaces that in time', async () => {
    const { keeper, onIssued, onTakenBack } = keeperOf();
    keeper.want(KEY, { fingerprint: 'f', issue });
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    keeper.forget(KEY);
    expect(keeper.want(KEY, { fingerprint: 'f', issue })?.certificatePem).toBe('cert-1');
    expect(onTakenBack).toHaveBeenCalledExactlyOnceWith(KEY, expect.objectContaining({ certificatePem: 'cert-1' }));
    await vi.advanceTimersByTimeAsync(7 * HOUR_MS);
    expect(onIssued).toHaveBeenCalledTimes(2);
  });

  it('lets a proxy keep the certificate that it has from before a restart, and replaces that in time', async () => {
    const { keeper, onIssued } = keeperOf();
    const recalled = {
      ...(await issue()),
      certificatePem: 'recalled',
      issuedAtMs: Date.now() - HOUR_MS,
      expiresAtMs: Date.now() + 9 * HOUR_MS,
    };
    const order = { fingerprint: 'f', issue, recall: () => recalled };
    expect(keeper.want(KEY, order)).toBe(recalled);
    await vi.advanceTimersByTimeAsync(7 * HOUR_MS - 1);
    expect(onIssued).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(onIssued).toHaveBeenCalledOnce();
    expect(keeper.want(KEY, order)).not.toBe(recalled);
  });

  it('makes a new certificate at once for a proxy whose one from before a restart is due', async () => {
    const { keeper, onIssued } = keeperOf();
    const recalled = { ...(await issue()), issuedAtMs: Date.now() - 8 * HOUR_MS, expiresAtMs: Date.now() + 2 * HOUR_MS };
    expect(keeper.want(KEY, { fingerprint: 'f', issue, recall: () => recalled })).toBeUndefined();
    await vi.advanceTimersByTimeAsync(0);
    expect(onIssued).toHaveBeenCalledOnce();
  });

  it.each([
    { what: 'as another', fingerprint: 'g', afterMs: 0 },
    { what: 'when it is due for replacement', fingerprint: 'f', afterMs: 8 * HOUR_MS },
  ])('makes a new certificate for a proxy that returns $what', async ({ fingerprint, afterMs }) => {
    const { keeper } = keeperOf();
    keeper.want(KEY, { fingerprint: 'f', issue });
    await vi.advanceTimersByTimeAsync(0);
    keeper.forget(KEY);
    await vi.advanceTimersByTimeAsync(afterMs);
    expect(keeper.want(KEY, { fingerprint, issue })).toBeUndefined();
  });
});
