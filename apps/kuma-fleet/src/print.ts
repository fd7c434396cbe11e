import type { Durations } from '@mesh/fleet-kit';
import Table from 'cli-table3';
import type { FleetReport } from './run.js';

/** The figures of a run as text; what was broken comes last. */
export function printReport(report: FleetReport): string {
  const { zones, dataplanes, services, outbounds, xds, join, counts } = report;
  const lines = [
    `${dataplanes} dataplanes${zones > 1 ? ` in ${zones} zones` : ''}, ${services} services, ${outbounds} outbounds each, ${xds}; joined over ${seconds(join.rampupMs)}, ${completion(report)}`,
    changeTable(report),
    `${counts.responses} responses, ${(counts.receivedBytes / 2 ** 20).toFixed(1)} MiB; acknowledged: ${pairs(counts.acknowledged)}; ${counts.disconnects} streams lost${reasons(report)}`,
  ];
  if (report.churn) {
    const { left, joined, flapped, settled } = report.churn;
    lines.push(`churn: ${left} left, ${joined} joined, ${flapped} reconnected; complete ${seconds(settled.lastMs)} after it ended`);
  }
  lines.push(`memory of the simulator: ${(report.simulatorBytes / 2 ** 20).toFixed(0)} MiB`, verdict(report));
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

function completion({ join }: FleetReport): string {
  return join.late.length > 0 ? 'not complete before the deadline' : `complete ${seconds(join.settledMs)} after the last one joined`;
}

function changeTable({ endpointChanges, policyChanges }: FleetReport): string {
  if (!endpointChanges && !policyChanges) return '';
  const table = new Table({ head: ['write to ACK, milliseconds', 'samples', 'p50', 'p90', 'p99', 'max'], style: { head: [], border: [] } });
  const row = (name: string, { count, p50, p90, p99, max }: Durations) =>
    table.push([name, count, ...[p50, p90, p99, max].map((ms) => ms.toFixed(1))]);
  if (endpointChanges) {
    row('an endpoint: last proxy of each change', endpointChanges.lastMs);
    row('an endpoint: proxies of the slowest change', endpointChanges.worst);
  }
  if (policyChanges) {
    row('a policy: last proxy of each change', policyChanges.lastMs);
    row('a policy: proxies of the slowest change', policyChanges.worst);
  }
  return table.toString();
}

function reasons({ counts }: FleetReport): string {
  const known = Object.entries(counts.reasons).filter(([reason]) => reason !== '');
  return known.length === 0 ? '' : ` (${known.map(([reason, count]) => `${count} x ${reason}`).join('; ')})`;
}

function verdict({ violations }: FleetReport): string {
  if (violations.count === 0) return 'every proxy is complete and no rule was broken';
  const details = Object.entries(violations.toJSON()).map(
    ([rule, { count, examples }]) => `  ${rule}: ${count}\n${examples.map((example) => `    ${example}`).join('\n')}`,
  );
  return [`${violations.count} violations`, ...details].join('\n');
}

function pairs(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([type, count]) => `${type} ${count}`)
    .join(', ');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
