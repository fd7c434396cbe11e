import { describe, expect, it } from 'vitest';
import { isRevocationList, withoutExpired } from './revocations.js';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const seconds = (time: string): number => Date.parse(time) / 1000;
const OVER = `exp=${seconds('2026-05-31T22:00:00Z')}`;
const RECENT = `exp=${seconds('2026-05-31T23:30:00Z')}`;

describe('a list of revoked tokens', () => {
  it('loses those that expired more than an hour ago, and no other', () => {
    expect(withoutExpired(`old,${OVER},live,exp=${seconds('2027-01-01T00:00:00Z')},late,${RECENT}`, NOW)).toBe(
      `live,exp=${seconds('2027-01-01T00:00:00Z')},late,${RECENT}`,
    );
  });

  it('keeps an ID of which nobody said when its token ends', () => {
    expect(withoutExpired(`a, b,old,${OVER}\n,c`, NOW)).toBe('a,b,c');
    expect(withoutExpired('a,b', NOW)).toBe('a,b');
  });

  it('takes an end that is no time for an ID', () => {
    expect(withoutExpired('a,exp=soon', NOW)).toBe('a,exp=soon');
  });

  it('is known by its name', () => {
    const names = ['user-token-revocations', 'zone-token-revocations', 'dataplane-token-revocations-default'];
    expect(names.every(isRevocationList)).toBe(true);
    expect(['user-token-signing-key-1', 'my-zone-token-revocations'].some(isRevocationList)).toBe(false);
  });
});
