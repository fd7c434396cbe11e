import { type Leadership, type Logger, silentLogger } from '@mesh/core';
import { MemoryResourceStore } from '@mesh/store-memory';
import { expect, it } from 'vitest';
import { eventually, startGlobal, startZone, useScope } from './deployment.fixture.js';

const scope = useScope();
const AUTHOR = { name: 'fencing-test' };

/** Leads until it is told to stop. */
function lead(store: MemoryResourceStore): Promise<{ readonly fence: number; stop(): Promise<void> }> {
  return new Promise((elected) => {
    const held = store.lead('control-plane', async ({ fence, signal }: Leadership) => {
      elected({ fence, stop: () => held.stop() });
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    });
  });
}

it('the KDS batches that a former leader of a zone still receives are refused by the store; the new leader stores them', async () => {
  const at = await startGlobal(scope.dir);
  scope.running.push(at);
  const store = new MemoryResourceStore();
  const refusals: string[] = [];
  let tellRefused = (): void => {};
  const refused = new Promise<void>((resolve) => {
    tellRefused = resolve;
  });
  const log: Logger = {
    ...silentLogger,
    warn: (fields) => {
      refusals.push(JSON.stringify(fields));
      if (refusals.at(-1)?.includes('another leader has taken over')) tellRefused();
    },
  };
  const term = await lead(store);
  const former = await startZone(scope.dir, { name: 'zone-1', port: at.port, store, fence: term.fence, log });
  scope.running.push(former);
  await former.sync.firstSync;
  await term.stop();
  // As after a pause: the connection of the former leader is open, and it has not been told.
  const next = await lead(store);
  await at.opened.controlPlane.put({ draft: { kind: 'Mesh', mesh: '', name: 'late', spec: {} }, author: AUTHOR });
  await refused;
  expect(await store.get({ kind: 'Mesh', mesh: '', name: 'late' })).toBeUndefined();
  await former.sync.stop();
  const successor = await startZone(scope.dir, { name: 'zone-1', port: at.port, store, fence: next.fence });
  scope.running.push({ stop: () => successor.sync.stop() });
  await eventually(successor.opened, () => successor.opened.view.find('Mesh', '', 'late'), 'the mesh');
  await next.stop();
});
