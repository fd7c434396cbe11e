import Table from 'cli-table3';
import type { LabFigures } from './lab-bench.js';
import type { Figures } from './statistics.js';

export interface Report {
  readonly machine: string;
  readonly ours: LabFigures;
  /** Another control plane, measured in the same run on the same machine. */
  readonly baseline: LabFigures | undefined;
}

const MIB = 1024 * 1024;

/** The figures as text tables. */
export function report({ machine, ours, baseline }: Report): string {
  const parts = [`Machine: ${machine}`, propagation(ours, baseline), memory(ours, baseline)];
  if (ours.idle) {
    const sql = Object.entries(ours.idle.transactionsPerSecond).map(([database, n]) => `${database} ${n.toFixed(2)}`);
    parts.push(
      `Idle for ${ours.idle.seconds} s: transactions/s ${sql.join(', ')}; KDS ${ours.idle.kdsBytesPerSecond?.toFixed(0) ?? '?'} bytes/s on all zones together`,
    );
  }
  return `${parts.join('\n')}\n`;
}

function propagation(ours: LabFigures, baseline: LabFigures | undefined): string {
  const table = new Table({
    head: ['milliseconds', 'runs', 'p50', 'p90', 'p99', 'max', ...(baseline ? ['baseline p50', 'baseline max', 'ratio p50'] : [])],
    style: { head: [], border: [] },
  });
  const row = (name: string, own: Figures, other: Figures | undefined) => [
    name,
    own.runs,
    ...[own.p50, own.p90, own.p99, own.max].map((ms) => ms.toFixed(0)),
    ...(other ? [other.p50.toFixed(0), other.max.toFixed(0), `${(other.p50 / own.p50).toFixed(1)}x`] : []),
  ];
  table.push(row('PUT of a policy at the global -> request in zone-1 shows it', ours.policyMs, baseline?.policyMs));
  table.push(row('PUT of a Dataplane in zone-2 -> zone-1 reaches it', ours.dataplaneMs, baseline?.dataplaneMs));
  return table.toString();
}

function memory(ours: LabFigures, baseline: LabFigures | undefined): string {
  const table = new Table({ head: ['resident memory', 'MiB'], style: { head: [], border: [] } });
  for (const [prefix, figures] of [
    ['', ours],
    ['baseline ', baseline],
  ] as const) {
    if (!figures) continue;
    for (const [name, bytes] of Object.entries(figures.residentBytes)) table.push([`${prefix}${name}`, (bytes / MIB).toFixed(0)]);
    table.push([`${prefix}all control planes`, (Object.values(figures.residentBytes).reduce((a, b) => a + b, 0) / MIB).toFixed(0)]);
  }
  return table.toString();
}
