import { join } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { record } from '../history.js';
import { describeMachine } from '../machine.js';
import { type KdsChangeFigures, type KdsFigures, type KdsLoadOptions, type KdsReturnFigures, runKdsLoads } from './loads.js';

interface KdsCommandOptions {
  readonly zones: string;
  readonly services: string;
  readonly meshServices?: boolean;
  readonly reduced?: boolean;
  readonly record?: boolean;
  readonly cpuProf?: string;
  readonly json?: boolean;
}

/** `bench kds`; exits 1 where a zone got something wrong or too much, never for a time. */
export function kdsCommand(onStep: (what: string) => () => void): Command {
  return new Command('kds')
    .description('a global on Postgres under a hundred simulated zones: joins, idle, changes, slow zones, reconnects, restart')
    .option('--zones <n>', 'zones', '100')
    .option('--services <n>', 'services of each zone, with a dataplane and its insight each', '1000')
    .option('--mesh-services', 'a MeshService for each of them too, which every other zone is sent')
    .option('--reduced', 'few small zones for seconds: proves results, says nothing about speed')
    .option('--record', 'append the figures to bench/history.jsonl')
    .option('--cpu-prof <dir>', 'write CPU profiles of global-cp there; they cost a little themselves')
    .option('--json', 'print the figures as JSON')
    .action(async (options: KdsCommandOptions) => {
      const figures = await runKdsLoads({ ...loadsOf(options), onStep });
      const machine = describeMachine();
      process.stdout.write(options.json ? `${JSON.stringify({ machine, figures }, null, 1)}\n` : report(machine, figures));
      if (options.record) process.stdout.write(`recorded in ${record('kds', machine, figures)}\n`);
      if (figures.violations > 0) {
        process.stderr.write(`${JSON.stringify(figures.violationDetails, null, 1)}\n`);
        process.exitCode = 1;
      }
    });
}

function loadsOf({ zones, services, meshServices = false, reduced = false, cpuProf }: KdsCommandOptions): Omit<KdsLoadOptions, 'onStep'> {
  const binDir = join(import.meta.dirname, '../../../bin');
  const shared = { binDir, profileDir: cpuProf };
  if (reduced) {
    const size = { zones: 6, services: 20, meshServices: true, rampupMs: 500 };
    return { ...shared, size, idleSeconds: 0, policyChanges: 5, zoneChanges: 5 };
  }
  const size = { zones: Number(zones), services: Number(services), meshServices, rampupMs: 10_000 };
  return { ...shared, size, idleSeconds: 30, policyChanges: 50, zoneChanges: 30 };
}

const MIB = 1024 * 1024;

function report(machine: string, figures: KdsFigures): string {
  const { zones, services, meshServices } = figures.size;
  const title = `${zones} zones of ${services} services${meshServices ? ', each a MeshService too' : ''}`;
  const table = new Table({ head: [title, 'wanted', 'measured'], style: { head: [], border: [] } });
  const row = (name: string, wanted: string, ...[value, digits = 0]: [number | undefined, number?]) => {
    if (value !== undefined) table.push([name, wanted, value.toFixed(digits)]);
  };
  row('join: CPU of global-cp, s', '', figures.joinCpuSeconds, 1);
  row('complete after the last zone joined, s', '', figures.settledMs / 1000, 1);
  row('resident memory, MiB', '', figures.residentBytes / MIB);
  row('idle: bytes/s on all connections', 'keep-alives', figures.idleBytesPerSecond);
  row('idle: messages', '0', figures.idleMessages);
  row('idle: CPU, % of a core', '', figures.idleCpuPercent, 2);
  row('idle: SQL transactions/s', 'leases', figures.idleTransactionsPerSecond, 2);
  const changes = (name: string, { lastMs, cpuMs, bytes }: KdsChangeFigures, wanted = '') => {
    row(`${name} p50, ms`, '', lastMs.p50, 1);
    row(`${name} p99, ms`, wanted, lastMs.p99, 1);
    row(`${name}: CPU per change, ms`, '', cpuMs, 1);
    row(`${name}: KiB per change`, '', bytes / 1024, 1);
  };
  changes('policy at the global to the last zone', figures.policy, '500');
  changes('policy while a tenth of the zones answer nothing', figures.besideSlow, '500');
  changes('dataplane of a zone to the ACK of the global', figures.dataplane);
  changes('ingress of a zone to the last other zone', figures.ingress);
  const back = (name: string, { settledMs, cpuSeconds, resourcesSent }: KdsReturnFigures) => {
    row(`${name}: all current again, s`, '', settledMs / 1000, 1);
    row(`${name}: CPU of global-cp, s`, '', cpuSeconds, 1);
    row(`${name}: resources sent again`, '0', resourcesSent);
  };
  back('all zones reconnect', figures.reconnect);
  back('restart of the global', figures.restart);
  row('resident memory at the end, MiB', '', figures.residentBytesAtEnd / MIB);
  row('violations', '0', figures.violations);
  return `Machine: ${machine}\n${table.toString()}\n`;
}
