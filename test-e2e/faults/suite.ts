import { type Fault, lineOf, Observers, possibleFaults, runFault, World } from '@mesh/fault-kit';
import { RedisServer } from '@mesh/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath, isFullRun } from '../test/config.js';

export interface FaultSuiteOptions {
  /** Second octet of the addresses used; each file has its own. */
  readonly addressBlock: number;
  readonly faults: readonly Fault[];
  /** Two instances of each service, with Redis between them. */
  readonly isInstanced?: boolean;
}

/**
 * One world, and a test for each fault: no request fails, no acknowledged write is lost, what was changed meanwhile takes
 * effect, nothing crashes. Figures are printed.
 */
export function faultSuite(title: string, options: FaultSuiteOptions): void {
  describe(title, () => {
    let redis: RedisServer | undefined;
    let world: World;
    let observers: Observers;

    beforeAll(async () => {
      if (options.isInstanced) redis = await RedisServer.start();
      const { addressBlock } = options;
      world = await World.start({ binDir: BIN_DIR, envoyPath: envoyPath(), addressBlock, ...(redis ? { redis } : {}) });
      observers = new Observers(world);
      observers.start();
    });

    afterAll(async () => {
      await observers?.stop();
      await world?.stop();
      await redis?.kill();
    });

    const possible = possibleFaults(options.faults);
    for (const fault of options.faults.filter(({ isFullOnly }) => isFullRun() || !isFullOnly)) {
      it.skipIf(!possible.includes(fault))(fault.name, { timeout: 300_000 }, async () => {
        const report = await runFault(observers, fault, fault.lastsMs[isFullRun() ? 'full' : 'sampled']);
        process.stdout.write(`  ${lineOf(report)}\n`);
        expect(report.failedRequests).toEqual([]);
        expect(report.findings).toEqual([]);
      });
    }
  });
}
