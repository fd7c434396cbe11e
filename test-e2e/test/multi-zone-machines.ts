import { join } from 'node:path';
import { type ControlPlanePorts, chooseControlPlanePorts, choosePort, type Deployment, listenerEnv } from '@mesh/lab-kit';
import type { GuideMachine } from './guide-reader.js';
import { UserMachine } from './user-machine.js';

/** The machines of docs/guides/multi-zone.md, each with an address of its own on the loopback interface. */
const ADDRESSES: Readonly<Record<string, string>> = { global: '127.0.0.1', east: '127.0.0.2', west: '127.0.0.3' };

export interface MultiZoneOptions {
  readonly deployment: Deployment;
  /** More variables of a machine with the given home directory. */
  readonly env?: (home: string) => Readonly<Record<string, string>>;
}

/** The machines of the guide by name, with ports and addresses of this one in place of those that the guide prints. */
export async function multiZoneMachines({ deployment, env }: MultiZoneOptions): Promise<Map<string, GuideMachine>> {
  const ports = new Map<string, ControlPlanePorts>();
  for (const name of Object.keys(ADDRESSES)) ports.set(name, await chooseControlPlanePorts());
  const machines = new Map<string, GuideMachine>();
  for (const name of Object.keys(ADDRESSES)) {
    const own = portsOf(ports, name);
    const replace = await replacements(name, ports);
    const settings = {
      ...listenerEnv(own),
      KUMA_DIAGNOSTICS_SERVER_PORT: String(await choosePort(0)),
      KUMA_CONTROL_PLANE_URL: `https://localhost:${own.dp}`,
      ...env?.(join(deployment.options.workDir, name)),
    };
    const user = new UserMachine({ name, deployment, replace, env: settings });
    machines.set(name, { user, readyUrl: `http://localhost:${own.api}/meshes` });
  }
  return machines;
}

async function replacements(name: string, ports: ReadonlyMap<string, ControlPlanePorts>): Promise<Map<string, string>> {
  const replace = new Map([
    ['192.0.2.1:5685', `127.0.0.1:${portsOf(ports, 'global').kds}`],
    ['http://localhost:5681', `http://localhost:${portsOf(ports, name).api}`],
    ['192.0.2.2', ADDRESSES['east'] ?? ''],
    ['192.0.2.3', ADDRESSES['west'] ?? ''],
  ]);
  for (const port of ['10001', '10002', '10010', '8080', '8081', '8000']) {
    replace.set(port, String(await choosePort(0, ADDRESSES[name] ?? '')));
  }
  return replace;
}

function portsOf(all: ReadonlyMap<string, ControlPlanePorts>, name: string): ControlPlanePorts {
  const ports = all.get(name);
  if (!ports) throw new Error(`no ports were chosen for ${name}`);
  return ports;
}
