import { type ProxyConvergence, ResourceView, silentLogger } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';
import { expect, it } from 'vitest';
import { ProxyDeliveries } from './delivery-source.js';
import { type EngineMember, type SendSnapshot, SnapshotEngine } from './engine.js';
import type { ProxyNode } from './node.js';

const EMPTY: Snapshot = new Map();
const take: SendSnapshot = (_snapshot, taken) => taken();
const nodeOf = (name: string): ProxyNode => ({ key: { kind: 'Dataplane', mesh: 'default', name }, kind: 'Dataplane' }) as ProxyNode;

/** An engine with a view that comes to revisions of which it is told nothing more. */
function setup(build: (node: ProxyNode) => Snapshot | undefined = () => EMPTY) {
  const view = new ResourceView();
  view.apply({ type: 'snapshot', snapshot: { revision: 1, resources: [] } });
  const engine = new SnapshotEngine({ build, revision: () => view.revision, log: silentLogger });
  const reach = (revision: number): void =>
    view.apply({ type: 'changes', changes: [{ revision, op: 'delete', key: { kind: '', mesh: '', name: '' }, author: '', time: '' }] });
  const deliveries = new ProxyDeliveries({ engine, view, instanceId: 'cp' });
  const watch = (revision: number | 'now') => {
    const told: ProxyConvergence[] = [];
    deliveries.watch(revision, (state) => told.push(state), new AbortController().signal);
    return told;
  };
  return { engine, reach, watch };
}

it('a revision that concerns no proxy is had by all of them once it has arrived', async () => {
  const { engine, reach, watch } = setup();
  engine.add(nodeOf('a'), take);
  const told = watch(5);
  await expect.poll(() => told.at(-1)).toMatchObject({ connected: 1, converged: 0, lagging: [{ name: 'a', state: 'pending' }] });
  reach(5);
  await expect.poll(() => told.at(-1)).toEqual({ connected: 1, converged: 1, unknown: 0, offline: 0, lagging: [], instances: ['cp'] });
});

it('a proxy that refuses, or for which nothing can be generated, is named with the reason', async () => {
  const { engine, watch } = setup(({ key }) => {
    if (key.name === 'broken') throw new Error('no such route');
    return EMPTY;
  });
  const member = engine.add(nodeOf('refuses'), take);
  member.delivery.sent('type.googleapis.com/envoy.config.listener.v3.Listener');
  engine.add(nodeOf('broken'), take);
  member.delivery.nacked('type.googleapis.com/envoy.config.listener.v3.Listener', 'no such filter');
  const told = watch('now');
  await expect
    .poll(() => told.at(-1)?.lagging)
    .toEqual([
      { kind: 'Dataplane', mesh: 'default', name: 'broken', state: 'failed', reason: 'no such route' },
      { kind: 'Dataplane', mesh: 'default', name: 'refuses', state: 'refused', reason: 'Listener: no such filter' },
    ]);
});

it('what a thousand proxies answer is told in a few reports', async () => {
  const { engine, watch } = setup();
  const members: EngineMember[] = [];
  for (let i = 0; i < 1000; i++) {
    const member = engine.add(nodeOf(`dp-${i}`), take);
    member.delivery.sent('t');
    members.push(member);
  }
  const told = watch('now');
  await expect.poll(() => told.length).toBe(1);
  for (const { delivery } of members) delivery.acked('t');
  await expect.poll(() => told.at(-1)?.converged).toBe(1000);
  expect(told.length).toBeLessThan(100);
  expect(told[0]?.lagging).toHaveLength(100);
});

it('a change during a batch does not count a proxy that is still to be rebuilt as up to date', async () => {
  const seen: number[] = [];
  const { engine, reach } = setup(({ key }) => {
    const [, [, b] = []] = [...engine.progress()];
    // The first of the batch is built: the second one is next.
    if (key.name === 'a' && b) {
      reach(3);
      engine.invalidate();
      seen.push([...engine.progress()][1]?.[1].ackedRevision ?? -1);
    }
    return EMPTY;
  });
  for (const name of ['a', 'b']) engine.add(nodeOf(name), take);
  engine.invalidate(() => true);
  await expect.poll(() => seen).toEqual([1]);
  await expect.poll(() => [...engine.progress()].map(([, { ackedRevision }]) => ackedRevision)).toEqual([3, 3]);
});
