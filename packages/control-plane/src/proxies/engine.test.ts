import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Logger, silentLogger } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';
import { describe, expect, it, vi } from 'vitest';
import { dataplaneNode } from '../../test/proxies.fixture.js';
import type { Delivery } from './delivery.js';
import { type EngineOptions, type SendSnapshot, SnapshotEngine } from './engine.js';

const TYPE = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const snapshotOf = (version: string): Snapshot =>
  new Map([[TYPE, { version, resources: new Map([['c', { name: 'c', version, body: new Uint8Array() }]]) }]]);

function engineOf(options: Partial<EngineOptions> = {}): SnapshotEngine {
  return new SnapshotEngine({ build: () => snapshotOf('v1'), revision: () => 1, log: silentLogger, ...options });
}

describe('the snapshot engine', () => {
  it('gives a proxy its first snapshot at once', () => {
    const send = vi.fn();
    engineOf().add(dataplaneNode('a'), send);
    expect(send).toHaveBeenCalledOnce();
  });

  it('makes one generation of many changes in one turn, and only for the proxies they affect', async () => {
    const build = vi.fn(() => snapshotOf('v1'));
    const engine = engineOf({ build });
    engine.add(dataplaneNode('a'), () => {});
    engine.add(dataplaneNode('b'), () => {});
    build.mockClear();
    for (let i = 0; i < 5; i++) engine.invalidate((node) => node.key.name === 'a');
    await vi.waitFor(() => expect(build).toHaveBeenCalledOnce());
    expect(build).toHaveBeenCalledWith(expect.objectContaining({ key: expect.objectContaining({ name: 'a' }) }));
  });

  it('loses no change that comes while a batch is being worked on', async () => {
    let version = 1;
    const sent: string[] = [];
    const engine = engineOf({ build: () => snapshotOf(`v${version}`) });
    engine.add(dataplaneNode('a'), (snapshot) => {
      sent.push(snapshot.get(TYPE)?.version ?? '');
      if (version >= 3) return;
      version += 1;
      engine.invalidate(() => true);
    });
    await vi.waitFor(() => expect(sent).toEqual(['v1', 'v2', 'v3']));
  });

  it('visits only the proxies a change concerns; the others have its revision once that is known, and not before', async () => {
    let revision = 1;
    const build = vi.fn(() => snapshotOf('v1'));
    const [a, b] = [dataplaneNode('a'), dataplaneNode('b')];
    const engine = engineOf({ build, revision: () => revision, concerned: () => new Map([[a, 'other']]) });
    const builtRevisions = () => [...engine.deliveries().values()].map((state) => state.builtRevision);
    const looked: (readonly number[])[] = [];
    for (const node of [a, b]) engine.add(node, () => {});
    engine.onLooked(() => looked.push(builtRevisions()));
    build.mockClear();
    revision = 2;
    engine.changed('soon');
    engine.changed('none');
    expect(builtRevisions()).toEqual([1, 1]);
    await vi.waitFor(() => expect(build).toHaveBeenCalledOnce());
    expect(build).toHaveBeenCalledWith(a);
    expect(looked).toEqual([[1, 2]]);
    expect(builtRevisions()).toEqual([2, 2]);
  });

  it('does not let the callers of a service that lost an endpoint wait for a batch under way', async () => {
    const built: string[] = [];
    let joined = false;
    const caller = dataplaneNode('caller');
    const engine = engineOf({
      build: ({ key }) => {
        built.push(key.name);
        if (joined && built.length === 1) {
          engine.changed('now');
          // Long enough for the event loop to be let go.
          for (const endMs = performance.now() + 5; performance.now() < endMs; );
        }
        return snapshotOf('v1');
      },
      concerned: () => new Map([[caller, 'endpoints']]),
    });
    for (let i = 0; i < 50; i++) engine.add(dataplaneNode(`b${i}`), () => {});
    engine.add(caller, () => {});
    built.length = 0;
    joined = true;
    engine.invalidate(({ key }) => key.name !== 'caller');
    await vi.waitFor(() => expect(built).toHaveLength(51), { timeout: 10_000 });
    expect(built.indexOf('caller')).toBeLessThan(3);
  });

  it('lets no proxy wait for one that does not answer', async () => {
    let version = 1;
    const engine = engineOf({ build: () => snapshotOf(`v${version}`), revision: () => version });
    const sent = { slow: 0, quick: 0 };
    const countAs = (name: keyof typeof sent) => (_snapshot: Snapshot, taken: () => void) => {
      sent[name] += 1;
      taken();
    };
    const slow = engine.add(dataplaneNode('slow'), countAs('slow')).delivery;
    const quick = engine.add(dataplaneNode('quick'), countAs('quick')).delivery;
    slow.sent(TYPE);
    for (version of [2, 3]) {
      engine.invalidate(() => true);
      await vi.waitFor(() => expect(sent.quick).toBe(version));
      quick.sent(TYPE);
      quick.acked(TYPE);
      await nextTurn();
      expect([quick.state.ackedRevision, slow.state.ackedRevision]).toEqual([version, -1]);
    }
  });

  it('works on every proxy where it cannot be told whom a change concerns', async () => {
    const build = vi.fn(() => snapshotOf('v1'));
    const concerned = () => {
      throw new Error('a bug');
    };
    const engine = engineOf({ build, concerned });
    for (const name of ['a', 'b']) engine.add(dataplaneNode(name), () => {});
    engine.changed('soon');
    await vi.waitFor(() => expect(build).toHaveBeenCalledTimes(4));
  });

  it('keeps the last good snapshot of a proxy that cannot be built, says so once, and serves the others', async () => {
    const error = vi.fn();
    const log: Logger = { ...silentLogger, error };
    let broken = false;
    const engine = engineOf({
      log,
      build: (node) => {
        if (broken && node.key.name === 'bad') throw new Error('no such route');
        return snapshotOf(broken ? 'v2' : 'v1');
      },
    });
    const bad = vi.fn();
    const good = vi.fn();
    engine.add(dataplaneNode('bad'), bad);
    engine.add(dataplaneNode('good'), good);
    broken = true;
    for (const round of [2, 3]) {
      engine.invalidate(() => true);
      await vi.waitFor(() => expect(good).toHaveBeenCalledTimes(round));
    }
    expect(bad).toHaveBeenCalledOnce();
    expect(error).toHaveBeenCalledOnce();
    expect(engine.deliveries().get('Dataplane/default/bad')).toMatchObject({ builtRevision: 1, error: 'no such route' });
  });

  it('sends nothing to a proxy that has to wait, nor to one that left', async () => {
    const send = vi.fn();
    const build = vi.fn(() => undefined);
    const engine = engineOf({ build });
    const member = engine.add(dataplaneNode('a'), send);
    engine.invalidate(() => true);
    await vi.waitFor(() => expect(build).toHaveBeenCalledTimes(2));
    member.remove();
    engine.invalidate(() => true);
    expect(engine.deliveries().size).toBe(0);
    expect(send).not.toHaveBeenCalled();
  });
});

describe('delivery', () => {
  const take: SendSnapshot = (_snapshot, taken) => taken();
  const offer = (delivery: Delivery, version: string, revision: number) => {
    const snapshot = snapshotOf(version);
    delivery.built(snapshot, revision);
    return () => delivery.taken(snapshot);
  };
  const deliveryOf = (revision = 7) => engineOf({ revision: () => revision }).add(dataplaneNode('a'), take).delivery;

  it('knows a revision is with the proxy once everything sent was accepted', async () => {
    const delivery = deliveryOf();
    await nextTurn();
    expect(delivery.state).toEqual({ builtRevision: 7, ackedRevision: -1 });
    delivery.sent(TYPE);
    await nextTurn();
    expect(delivery.state.ackedRevision).toBe(-1);
    delivery.acked(TYPE);
    await nextTurn();
    expect(delivery.state).toEqual({ builtRevision: 7, ackedRevision: 7 });
  });

  it('waits for what an answer made free', async () => {
    const delivery = deliveryOf();
    delivery.sent(TYPE);
    delivery.acked(TYPE);
    delivery.sent('listeners');
    await nextTurn();
    expect(delivery.state.ackedRevision).toBe(-1);
  });

  it('takes a revision that changes nothing for the proxy as accepted', async () => {
    const delivery = deliveryOf();
    delivery.acked(TYPE);
    offer(delivery, 'v1', 8)();
    await nextTurn();
    expect(delivery.state.ackedRevision).toBe(8);
  });

  it('does not take a snapshot as accepted that its stream has yet to look at', async () => {
    let revision = 7;
    const engine = engineOf({ revision: () => revision });
    const { delivery } = engine.add(dataplaneNode('a'), take);
    delivery.acked(TYPE);
    await nextTurn();
    const early = offer(delivery, 'v1', 7);
    const late = offer(delivery, 'v2', 7);
    revision = 8;
    engine.invalidate(() => false);
    early();
    await nextTurn();
    expect(delivery.state).toEqual({ builtRevision: 8, ackedRevision: 7 });
    late();
    await nextTurn();
    expect(delivery.state).toEqual({ builtRevision: 8, ackedRevision: 8 });
  });

  it('is as up to date as the view where a change does not concern the proxy', async () => {
    let revision = 7;
    const engine = engineOf({ revision: () => revision });
    const { delivery } = engine.add(dataplaneNode('a'), take);
    delivery.sent(TYPE);
    delivery.acked(TYPE);
    await nextTurn();
    revision = 8;
    engine.invalidate(() => false);
    expect(delivery.state).toEqual({ builtRevision: 8, ackedRevision: 8 });
    engine.invalidate(() => true);
    revision = 9;
    engine.invalidate(() => false);
    expect(delivery.state).toEqual({ builtRevision: 8, ackedRevision: 8 });
  });

  it('shows a refusal until the type is accepted', async () => {
    const delivery = deliveryOf(1);
    delivery.nacked(TYPE, 'bad cluster');
    expect(delivery.state.nack).toEqual({ revision: 1, typeUrl: TYPE, message: 'bad cluster' });
    offer(delivery, 'v2', 2)();
    await nextTurn();
    expect(delivery.state).toMatchObject({ builtRevision: 2, ackedRevision: -1, nack: { revision: 1 } });
    delivery.acked(TYPE);
    await nextTurn();
    expect(delivery.state).toEqual({ builtRevision: 2, ackedRevision: 2 });
  });
});
