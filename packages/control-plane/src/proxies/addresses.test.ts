import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AddressBook } from './addresses.js';

describe('the address book', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('takes the smallest address, and tells when it changes', async () => {
    let answer = ['10.0.0.9', '10.0.0.2'];
    const onChange = vi.fn();
    const book = new AddressBook({ ttlMs: 10_000, onChange, lookup: async () => answer });
    book.want(['in.example', '10.1.1.1']);
    await vi.advanceTimersByTimeAsync(0);
    expect([...book.resolved]).toEqual([['in.example', '10.0.0.2']]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(onChange).toHaveBeenCalledOnce();
    answer = ['10.0.0.1'];
    await vi.advanceTimersByTimeAsync(10_000);
    expect(book.resolved.get('in.example')).toBe('10.0.0.1');
    expect(onChange).toHaveBeenCalledTimes(2);
    book.stop();
  });

  it('keeps the last known address when DNS fails', async () => {
    const lookup = vi.fn().mockResolvedValueOnce(['10.0.0.1']).mockRejectedValue(new Error('SERVFAIL'));
    const book = new AddressBook({ ttlMs: 10_000, onChange: () => {}, lookup });
    book.want(['in.example']);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(lookup).toHaveBeenCalledTimes(4);
    expect(book.resolved.get('in.example')).toBe('10.0.0.1');
    book.stop();
  });

  it('asks nobody once the name is not wanted any more', async () => {
    const lookup = vi.fn().mockResolvedValue(['10.0.0.1']);
    const book = new AddressBook({ ttlMs: 10_000, onChange: () => {}, lookup });
    book.want(['in.example']);
    await vi.advanceTimersByTimeAsync(0);
    book.want([]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lookup).toHaveBeenCalledOnce();
    expect(book.resolved.size).toBe(0);
  });
});
