import { allFaults, chaos, Observers, possibleFaults, World } from '@mesh/fault-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, chaosMinutes, chaosSeed, envoyPath } from '../test/config.js';

describe('a mesh that breaks at random', () => {
  let world: World;
  let observers: Observers;

  beforeAll(async () => {
    world = await World.start({ binDir: BIN_DIR, envoyPath: envoyPath(), addressBlock: 204 });
    observers = new Observers(world);
    observers.start();
  });

  afterAll(async () => {
    await observers?.stop();
    await world?.stop();
  });

  it('fails no request, loses no acknowledged write, and has every change take effect', { timeout: 3_600_000 }, async () => {
    const seed = chaosSeed();
    const said = (line: string) => process.stdout.write(`  ${new Date().toISOString()} ${line}\n`);
    said(`pnpm chaos --seed ${seed} --minutes ${chaosMinutes()}`);
    await chaos(observers, { seed, minutes: chaosMinutes(), faults: possibleFaults(allFaults), onEvent: said });
    expect(observers.count().requests).toBeGreaterThan(0);
  });
});
