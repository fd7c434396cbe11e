import { ResourceView, silentLogger } from '@mesh/core';
import { globalSecretDraft, secretContent } from '@mesh/identity';
import { MemoryResourceStore } from '@mesh/store-memory';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { elected } from '../../test/leadership.fixture.js';
import { forgetExpiredRevocations } from './forget-revocations.js';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const HOUR_MS = 3_600_000;
const LIST = 'zone-token-revocations';
const endIn = (ms: number): string => `exp=${(NOW + ms) / 1000}`;

describe('revocations of tokens', () => {
  let store: MemoryResourceStore;
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
    store = new MemoryResourceStore();
  });
  afterEach(async () => {
    await store.close();
    vi.useRealTimers();
  });

  const write = (name: string, text: string) =>
    store.transact([{ op: 'upsert', draft: globalSecretDraft(name, text) }], { author: { name: 'test' } });
  const read = async (name: string): Promise<string | undefined> => {
    const found = await store.get({ kind: 'GlobalSecret', mesh: '', name });
    return found && secretContent(found).toString();
  };

  it('go when their tokens have expired: where a leader finds them, and every hour from then on', async () => {
    await write(LIST, `gone,${endIn(-2 * HOUR_MS)},soon,${endIn(HOUR_MS / 2)},ever`);
    await write('my-list', `gone,${endIn(-2 * HOUR_MS)}`);
    const view = new ResourceView();
    await store.follow(view.apply);
    const over = new AbortController();
    const leadership = { fence: (await elected(store)).fence, signal: over.signal };
    const working = forgetExpiredRevocations({ store, view, clock: { now: () => Date.now() }, leadership, log: silentLogger });
    await vi.advanceTimersByTimeAsync(0);
    expect(await read(LIST)).toBe(`soon,${endIn(HOUR_MS / 2)},ever`);
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(await read(LIST)).toContain('soon');
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(await read(LIST)).toBe('ever');
    expect(await read('my-list')).toContain('gone');
    over.abort();
    await working;
  });
});
