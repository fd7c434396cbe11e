import { type Fault, type FaultReport, mayMakeWires, Observers, runFault, World } from '@mesh/fault-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath, isFullRun } from '../test/config.js';

/**
 * One world, and a test for each fault: no request fails, no acknowledged write is lost, what was changed meanwhile takes
 * effect, nothing crashes. Figures are printed.
 */
export function faultSuite(title: string, options: { readonly addressBlock: number; readonly faults: readonly Fault[] }): void {
  describe(title, () => {
    let world: World;
    let observers: Observers;

    beforeAll(async () => {
      world = await World.start({ binDir: BIN_DIR, envoyPath: envoyPath(), addressBlock: options.addressBlock });
      observers = new Observers(world);
      observers.start();
    });

    afterAll(async () => {
      await observers?.stop();
      await world?.stop();
    });

    for (const fault of options.faults) {
      it.skipIf(isImpossible(fault))(fault.name, { timeout: 300_000 }, async () => {
        const report = await runFault(observers, fault, fault.lastsMs[isFullRun() ? 'full' : 'sampled']);
        process.stdout.write(`${lineOf(report)}\n`);
        expect(report.failedRequests).toEqual([]);
        expect(report.findings).toEqual([]);
      });
    }
  });
}

function isImpossible({ name, needs }: Fault): boolean {
  const isSo = needs === 'wires' && !mayMakeWires();
  if (isSo) process.stderr.write(`SKIPPED: "${name}" needs Linux, root and /dev/net/tun\n`);
  return isSo;
}

function lineOf(report: FaultReport): string {
  const effective = Object.entries(report.effectiveMs).map(([change, ms]) => `${change} after ${ms} ms`);
  return [
    `  ${report.fault} (${(report.lastedMs / 1000).toFixed(1)} s)`,
    `${report.requests} requests, ${report.failedRequests.length} failed`,
    `${report.acknowledgedWrites} writes`,
    ...effective,
  ].join(' · ');
}
