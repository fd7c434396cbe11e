import { residentBytes, type TwoZones } from '@mesh/lab-kit';
import Table from 'cli-table3';

const MIB = 1024 * 1024;

/** Tables of what runs where, and commands to go on with. */
export function summary(lab: TwoZones): string {
  return [addresses(lab), memory(lab), nextCommands(lab)].join('\n');
}

function addresses(lab: TwoZones): string {
  const table = new Table({ head: ['control plane', 'API', 'KDS / data plane server', 'DNS'], style: { head: [], border: [] } });
  table.push(['global', lab.global.api.url, `grpcs://127.0.0.1:${lab.global.ports.kds}`, '']);
  for (const zone of [lab.zone1, lab.zone2])
    table.push([zone.name, zone.api.url, `https://127.0.0.1:${zone.ports.dp}`, `127.0.0.1:${zone.ports.dns}`]);
  return table.toString();
}

function memory(lab: TwoZones): string {
  const table = new Table({ head: ['process', 'pid', 'resident'], colAligns: ['left', 'right', 'right'], style: { head: [], border: [] } });
  let total = 0;
  for (const process of lab.deployment.group.processes.filter((p) => p.spec.role === 'control-plane')) {
    const bytes = residentBytes(process.pid) ?? 0;
    total += bytes;
    table.push([process.spec.name, String(process.pid), bytes === 0 ? 'unknown' : `${Math.round(bytes / MIB)} MiB`]);
  }
  table.push(['all control-plane processes', '', total === 0 ? 'unknown' : `${Math.round(total / MIB)} MiB`]);
  return table.toString();
}

function nextCommands(lab: TwoZones): string {
  const { backendFromWeb } = lab;
  return [
    'Try next (from the repository):',
    `  bin/kumactl config control-planes add --name lab --address ${lab.global.api.url} --overwrite`,
    '  bin/kumactl get meshes',
    '  bin/kumactl inspect zones',
    '  bin/kumactl inspect dataplanes',
    '  bin/kumactl inspect services',
    `  curl http://${backendFromWeb.host}:${backendFromWeb.port}/            # web -> backend, both zones`,
    `  dig @127.0.0.1 -p ${lab.zone1.ports.dns} billing.mesh`,
    `  curl ${lab.global.api.url}/zones+insights`,
    `Logs and generated files: ${lab.deployment.options.workDir}`,
  ].join('\n');
}
