import { describe, expect, it } from 'vitest';
import { PeerRecord } from './peer-record.js';

function known(id: string, revision = 5): PeerRecord {
  const first = new PeerRecord('kds-peer-global');
  first.meet({ id, revision });
  first.adopt();
  return reload(first);
}

function reload(record: PeerRecord): PeerRecord {
  const next = new PeerRecord('kds-peer-global');
  next.load((record.draft().spec as { config: string }).config);
  return next;
}

const batch = (options: { first?: boolean; listed?: string[]; removed?: string[] }) => ({
  kind: 'Mesh',
  first: true,
  listed: [],
  removed: [],
  ...options,
});

describe('the record of a peer', () => {
  it('knows the peer it last synced with, and takes its removals', () => {
    const record = known('store-a');
    record.meet({ id: 'store-a', revision: 6 });
    expect(record.isOther).toBe(false);
    expect(record.note(batch({ removed: ['x.'] }))).toBe(false);
    expect(record.isHeld('Mesh', 'x.')).toBe(false);
  });

  it.each([
    ['another store', { id: 'store-b', revision: 9 }],
    ['the same store at an earlier revision', { id: 'store-a', revision: 4 }],
  ])('holds what %s would remove with its first answers, across restarts', (_, peer) => {
    const record = known('store-a');
    record.meet(peer);
    expect(record.isOther).toBe(true);
    expect(record.note(batch({ removed: ['x.'] }))).toBe(true);
    record.adopt();
    expect(record.isOther).toBe(false);
    const later = reload(record);
    later.meet(peer);
    expect(later.isOther).toBe(false);
    expect(later.isHeld('Mesh', 'x.')).toBe(true);
    expect(later.heldCount).toBe(1);
  });

  it('keeps what a default of another store came for, across restarts, until something else comes', () => {
    const record = known('store-a');
    record.meet({ id: 'store-b' });
    expect(record.protects('Mesh', 'default.')).toBe(true);
    expect(record.note({ ...batch({ listed: ['default.'] }), kept: ['default.'] })).toBe(true);
    record.adopt();
    const later = reload(record);
    later.meet({ id: 'store-b' });
    expect([later.protects('Mesh', 'default.'), later.protects('Mesh', 'other.')]).toEqual([true, false]);
    expect(later.note(batch({ listed: ['default.'] }))).toBe(true);
    expect(later.protects('Mesh', 'default.')).toBe(false);
  });

  it('protects what another store does not have from a default it makes later', () => {
    const record = known('store-a');
    record.meet({ id: 'store-b' });
    record.note(batch({ removed: ['x.'] }));
    record.adopt();
    expect(reload(record).protects('Mesh', 'x.')).toBe(true);
  });

  it('takes the defaults of an older state of the same store: somebody put it back', () => {
    const record = known('store-a');
    record.meet({ id: 'store-a', revision: 4 });
    expect([record.isOther, record.protects('Mesh', 'default.')]).toEqual([true, false]);
  });

  it('lets go of what the peer sends again or removes by itself later', () => {
    const record = known('store-a');
    record.meet({ id: 'store-b' });
    record.note(batch({ removed: ['x.', 'y.'] }));
    expect(record.note(batch({ first: false, listed: ['x.'] }))).toBe(true);
    expect(record.note(batch({ first: false, removed: ['y.'] }))).toBe(true);
    expect(record.heldCount).toBe(0);
  });

  it('trusts a peer it has never met, and one that has no identity', () => {
    const fresh = new PeerRecord('r');
    fresh.meet({ id: 'a' });
    expect(fresh.isOther).toBe(false);
    const record = known('store-a');
    record.meet({ id: undefined });
    expect(record.isOther).toBe(false);
    expect(record.adopt()).toBe(false);
  });

  it.each(['', 'no json', '[]', '{"id":7}', '{"id":"a","revision":"x"}', 'null'])('takes an unreadable record (%s) for none', (text) => {
    const record = new PeerRecord('r');
    record.load(text);
    expect(record.isWritable).toBe(false);
  });
});
