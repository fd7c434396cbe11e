import { join } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { benchDns, type DnsFigures } from './dns-bench.js';
import { describeMachine } from './machine.js';

const MIB = 1024 * 1024;

/** `bench dns`: the resolver under dnsperf. */
export function dnsCommand(): Command {
  return new Command('dns')
    .description('queries per second, CPU per query and latency of the .mesh resolver (needs dnsperf)')
    .option('--names <n>', 'names that are served and asked for', '1000')
    .option('--seconds <n>', 'length of each of the two runs', '10')
    .option('--rate <n>', 'queries per second of the run that measures latency', '20000')
    .option('--compare <file>', 'a coredns program, measured beside ours in the same run')
    .option('--json', 'print the figures as JSON')
    .action(async (options: { names: string; seconds: string; rate: string; compare?: string; json?: boolean }) => {
      const figures = await benchDns({
        binDir: join(import.meta.dirname, '../../bin'),
        corednsPath: options.compare,
        names: Number(options.names),
        seconds: Number(options.seconds),
        steadyRate: Number(options.rate),
        onStep: (what) => {
          const from = Date.now();
          return () => void process.stderr.write(`  ${what} (${((Date.now() - from) / 1000).toFixed(1)} s)\n`);
        },
      });
      const machine = describeMachine();
      process.stdout.write(options.json ? `${JSON.stringify({ machine, ...figures }, null, 1)}\n` : report(machine, figures));
    });
}

function report(machine: string, { ours, baseline }: { ours: DnsFigures; baseline: DnsFigures | undefined }): string {
  const table = new Table({
    head: ['', 'queries/s', 'CPU us/query', 'at queries/s', 'p50 ms', 'p99 ms', 'max ms', 'lost', 'MiB'],
    style: { head: [], border: [] },
  });
  for (const [name, figures] of [
    ['dns-resolver', ours],
    ['baseline', baseline],
  ] as const) {
    if (!figures) continue;
    const { steadyMs } = figures;
    table.push([
      name,
      figures.queriesPerSecond.toFixed(0),
      figures.cpuMicrosecondsPerQuery.toFixed(1),
      figures.steadyRate.toFixed(0),
      ...[steadyMs.p50, steadyMs.p99, steadyMs.max].map((ms) => ms.toFixed(2)),
      figures.lost,
      (figures.residentBytes / MIB).toFixed(0),
    ]);
  }
  return `Machine: ${machine}\n${table.toString()}\n`;
}
