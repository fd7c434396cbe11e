import { join } from 'node:path';
import { Command, Option } from 'commander';
import { record } from '../history.js';
import { describeMachine } from '../machine.js';
import { benchFleet, FLEET_LOADS, type FleetBenchFigures } from './bench-fleet.js';
import { reportFleet } from './report-fleet.js';

interface FleetCommandOptions {
  readonly compare?: string;
  readonly xds: 'sotw' | 'delta';
  readonly reduced?: boolean;
  readonly only: readonly string[];
  readonly record?: boolean;
  readonly json?: boolean;
  readonly cpuProf?: string;
  readonly workers?: number;
}

/** `bench fleet`; exits 1 where a proxy got something wrong, never for a figure. */
export function fleetCommand(onStep: (what: string) => () => void): Command {
  return new Command('fleet')
    .description('a control plane under a thousand and more simulated proxies: joins, idle, changes, restart')
    .option('--compare <dir>', 'directory with kuma-cp of another control plane, measured beside ours in the same run')
    .option('--reduced', 'small fleets for seconds: proves results, says nothing about speed')
    .addOption(new Option('--xds <variant>', 'variant of the protocol').choices(['sotw', 'delta']).default('sotw'))
    .addOption(new Option('--only <load...>', 'only these loads').choices([...FLEET_LOADS]).default([]))
    .option('--record', 'append the figures to bench/history.jsonl')
    .option('--cpu-prof <dir>', 'write CPU profiles of our control plane there; they cost a little themselves')
    .option('--workers <n>', 'workers of our control plane for streams; default: what it does by itself', Number)
    .option('--json', 'print the figures as JSON')
    .action(async (options: FleetCommandOptions) => {
      const { compare: compareDir, cpuProf: profileDir, workers, xds, reduced = false, only } = options;
      const binDir = join(import.meta.dirname, '../../../bin');
      const figures = await benchFleet({ binDir, compareDir, profileDir, workers, xds, reduced, only, onStep });
      const machine = describeMachine();
      process.stdout.write(options.json ? `${JSON.stringify({ machine, figures }, null, 1)}\n` : reportFleet(machine, figures));
      if (options.record) process.stdout.write(`recorded in ${record('fleet', machine, figures)}\n`);
      reportViolations(figures);
    });
}

function reportViolations(figures: FleetBenchFigures): void {
  for (const [load, byTarget] of Object.entries(figures)) {
    for (const [target, { violations, violationDetails }] of Object.entries(byTarget)) {
      if (violations === 0) continue;
      process.stderr.write(`${load}, ${target}: ${JSON.stringify(violationDetails, null, 1)}\n`);
      // What another control plane does wrong is for its readers, not for our exit code.
      if (target === 'ours') process.exitCode = 1;
    }
  }
}
