import { type Logger, silentLogger } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';
import { expect, it, vi } from 'vitest';
import { dataplaneNode } from '../../test/proxies.fixture.js';
import { AssertMode } from './assert-mode.js';
import { SnapshotEngine } from './engine.js';

const TYPE = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const snapshotOf = (version: string): Snapshot =>
  new Map([[TYPE, { version, resources: new Map([['c', { name: 'c', version, body: new Uint8Array() }]]) }]]);

it('says which proxy a change did not reach, once until it has caught up, and nothing of the others', async () => {
  const [reached, forgotten] = [dataplaneNode('reached'), dataplaneNode('forgotten')];
  let version = 'v1';
  const concerned = new Map([[reached, 'other' as const]]);
  const engine = new SnapshotEngine({ build: () => snapshotOf(version), revision: () => 1, log: silentLogger, concerned: () => concerned });
  for (const node of [reached, forgotten]) engine.add(node, () => {});
  const logged: unknown[] = [];
  const log = { ...silentLogger, error: (fields: unknown) => void logged.push(fields) } as Logger;
  const found: number[] = [];
  const mode = new AssertMode({ engine, fromScratch: () => () => snapshotOf(version), log, onCompared: (count) => void found.push(count) });
  const change = async () => {
    const before = found.length;
    engine.changed('soon');
    await vi.waitFor(() => expect(found.length).toBeGreaterThan(before));
  };
  await change();
  expect(found.at(-1)).toBe(0);
  version = 'v2';
  await change();
  expect(found.at(-1)).toBe(1);
  await change();
  expect(found.at(-1)).toBe(0);
  expect(logged).toEqual([{ proxy: 'forgotten', mesh: 'default', resources: [`${TYPE}/c`] }]);
  concerned.set(forgotten, 'other');
  await change();
  version = 'v3';
  concerned.delete(forgotten);
  await change();
  expect(logged).toHaveLength(2);
  mode.stop();
});
