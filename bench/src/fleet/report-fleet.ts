import Table from 'cli-table3';
import type { FleetBenchFigures } from './bench-fleet.js';
import type { FleetFigures } from './loads.js';

/** One line of the table: a figure, what is wanted of it, and how it is read. */
interface Row {
  readonly name: string;
  readonly wanted: string;
  readonly value: (figures: FleetFigures) => number | undefined;
  readonly digits: number;
}

const MIB = 1024 * 1024;

const JOIN: readonly Row[] = [
  { name: 'join: CPU of the control plane, s', wanted: '15', value: (f) => f.joinCpuSeconds, digits: 1 },
  { name: 'complete after the last join, ms', wanted: '1000', value: (f) => f.settledMs, digits: 0 },
  { name: 'resident memory, MiB', wanted: '334 (350 MB)', value: (f) => f.residentBytes / MIB, digits: 0 },
];
const CHANGES: readonly Row[] = [
  { name: 'idle: CPU, % of a core', wanted: '1', value: (f) => f.idleCpuPercent, digits: 2 },
  { name: 'idle: SQL transactions/s', wanted: 'leases', value: (f) => f.idleTransactionsPerSecond, digits: 2 },
  { name: 'endpoint: write to last ACK p50, ms', wanted: '30', value: (f) => f.endpoint?.lastMs.p50, digits: 1 },
  { name: 'endpoint: write to last ACK p99, ms', wanted: '100', value: (f) => f.endpoint?.lastMs.p99, digits: 1 },
  { name: 'endpoint: CPU per change, ms', wanted: '', value: (f) => f.endpoint?.cpuMs, digits: 1 },
  { name: 'endpoint: CPU per change, steady, ms', wanted: '', value: (f) => f.endpointSteady?.cpuMs, digits: 1 },
  { name: 'policy: write to last ACK p50, ms', wanted: '1500', value: (f) => f.policy?.lastMs.p50, digits: 0 },
  { name: 'policy: write to last ACK max, ms', wanted: '1500', value: (f) => f.policy?.lastMs.max, digits: 0 },
  { name: 'policy: median proxy of the slowest change, ms', wanted: '', value: (f) => f.policy?.slowest.p50, digits: 0 },
  { name: 'policy: CPU per change, ms', wanted: '', value: (f) => f.policy?.cpuMs, digits: 0 },
  { name: 'event loop delay while joining p99, ms', wanted: '50', value: (f) => f.joinEventLoopP99Ms, digits: 0 },
  { name: 'event loop delay afterwards p99, ms', wanted: '50', value: (f) => f.eventLoopP99Ms, digits: 0 },
];
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  fleet: [...JOIN, ...CHANGES],
  'fleet-postgres': [...JOIN, ...CHANGES],
  half: [...JOIN.map((row) => ({ ...row, wanted: '' })), ...CHANGES.map((row) => ({ ...row, wanted: '' }))],
  held: [
    { ...(JOIN[0] as Row), wanted: '' },
    { ...(JOIN[1] as Row), wanted: '' },
    { ...(JOIN[2] as Row), wanted: '953 (1 GB)' },
    ...CHANGES.map((row) => ({ ...row, wanted: '' })),
    { name: 'restart: the API answers, s', wanted: '', value: (f) => f.restart && f.restart.readyMs / 1000, digits: 1 },
    { name: 'restart: all current again, s', wanted: '20', value: (f) => f.restart && f.restart.currentMs / 1000, digits: 1 },
    { name: 'restart: CPU until then, s', wanted: '', value: (f) => f.restart?.cpuSeconds, digits: 1 },
  ],
};

/** The figures as text tables, one for each load. */
export function reportFleet(machine: string, figures: FleetBenchFigures): string {
  const parts = [`Machine: ${machine}`];
  for (const [load, byTarget] of Object.entries(figures)) parts.push(tableOf(load, byTarget));
  const doubling = doublingOf(figures);
  if (doubling !== undefined)
    parts.push(`Twice the fleet at the same fan-out: CPU per endpoint change x ${doubling.toFixed(2)} (wanted 1.2)`);
  return `${parts.join('\n')}\n`;
}

/** CPU per endpoint change in the whole fleet over that in half of it, once changes are steady: the first after a rest pay for cold code. */
export function doublingOf({ fleet, half }: FleetBenchFigures): number | undefined {
  const whole = fleet?.['ours']?.endpointSteady?.cpuMs;
  const part = half?.['ours']?.endpointSteady?.cpuMs;
  return whole === undefined || part === undefined || part === 0 ? undefined : whole / part;
}

function tableOf(load: string, byTarget: Readonly<Record<string, FleetFigures>>): string {
  const { ours, baseline } = byTarget;
  if (!ours) return '';
  const { dataplanes, services, outbounds } = ours.size;
  const head = [`${load}: ${dataplanes} dataplanes, ${services} services, ${outbounds} outbounds`, 'wanted', 'ours'];
  const table = new Table({ head: baseline ? [...head, 'baseline', 'ratio'] : head, style: { head: [], border: [] } });
  for (const { name, wanted, value, digits } of ROWS[load] ?? []) {
    const [own, other] = [value(ours), baseline && value(baseline)];
    if (own === undefined && other === undefined) continue;
    const text = (figure: number | undefined) => figure?.toFixed(digits) ?? '';
    const ratio = own && other ? `${(other / own).toFixed(1)}x` : '';
    table.push([name, wanted, text(own), ...(baseline ? [text(other), ratio] : [])]);
  }
  table.push(['violations', '0', ours.violations, ...(baseline ? [baseline.violations, ''] : [])]);
  return table.toString();
}
