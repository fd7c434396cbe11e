import { rmSync } from 'node:fs';
import { type ControlPlanePorts, chooseControlPlanePorts, choosePort, Deployment, listenerEnv, until } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { type GuideStep, missingIn, readGuide } from './guide.js';
import { UserMachine } from './user-machine.js';
import { makeWorkDir } from './work-dir.js';

/** The machines of the guide, each with an address of its own on the loopback interface. */
const ADDRESSES: Readonly<Record<string, string>> = { global: '127.0.0.1', east: '127.0.0.2', west: '127.0.0.3' };
const DEADLINE_MS = 30_000;

describe('docs/guides/multi-zone.md', () => {
  const workDir = makeWorkDir('guide-multi-zone');
  const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
  const machines = new Map<string, UserMachine>();
  const apis = new Map<string, string>();
  let started = 0;

  beforeAll(async () => {
    const ports = new Map<string, ControlPlanePorts>();
    for (const name of Object.keys(ADDRESSES)) ports.set(name, await chooseControlPlanePorts());
    for (const name of Object.keys(ADDRESSES)) machines.set(name, await machineOf(name, ports));
  });
  afterAll(async () => {
    await deployment.stop();
    rmSync(workDir, { recursive: true, force: true });
  });

  /** The machine `name`: its ports and addresses in place of those that the guide prints. */
  async function machineOf(name: string, ports: ReadonlyMap<string, ControlPlanePorts>): Promise<UserMachine> {
    const own = portsOf(ports, name);
    const address = ADDRESSES[name] ?? '';
    const replace = new Map([
      ['192.0.2.1:5685', `127.0.0.1:${portsOf(ports, 'global').kds}`],
      ['http://localhost:5681', `http://localhost:${own.api}`],
      ['192.0.2.2', ADDRESSES['east'] ?? ''],
      ['192.0.2.3', ADDRESSES['west'] ?? ''],
    ]);
    for (const port of ['10001', '10002', '10010', '8080', '8081', '8000']) replace.set(port, String(await choosePort(0, address)));
    apis.set(name, `http://localhost:${own.api}`);
    const env = {
      ...listenerEnv(own),
      KUMA_DIAGNOSTICS_SERVER_PORT: String(await choosePort(0)),
      KUMA_CONTROL_PLANE_URL: `https://localhost:${own.dp}`,
    };
    return new UserMachine({ name, deployment, replace, env });
  }

  const soon = <T>(what: string, check: () => Promise<T | undefined | false>) =>
    until({ what, deadlineMs: DEADLINE_MS, intervalMs: 100, signal: deployment.group.signal }, check);

  async function startControlPlane(name: string, command: string): Promise<void> {
    machineNamed(name).start('kuma-cp', command, 'control-plane');
    await soon(`the API of ${name}`, async () => (await fetch(`${apis.get(name)}/meshes`).catch(() => undefined))?.status === 200);
  }

  async function run(step: GuideStep): Promise<void> {
    const name = step.machine ?? '';
    const machine = machineNamed(name);
    if (step.mode === 'control-plane') return startControlPlane(name, step.command);
    if (step.mode === 'stop') return deployment.group.find(`${name}.${step.command}`)?.stop();
    if (step.mode === 'background') {
      machine.start(`background-${++started}`, step.command);
      return;
    }
    if (step.mode === 'soon') {
      await soon(`${step.command} to print ${step.output.join(', ')}`, async () => {
        const { stdout } = await machine.attempt(step.command);
        return missingIn(stdout, step.output).length === 0;
      });
      return;
    }
    const { code, stdout, stderr } = await machine.attempt(`set -e\n${step.command}`);
    if (step.mode === 'fails') expect(code, stdout).not.toBe(0);
    else expect(code, `${step.command}\n${stdout}${stderr}`).toBe(0);
    expect(missingIn(stdout, step.output), stdout + stderr).toEqual([]);
  }

  function machineNamed(name: string): UserMachine {
    const machine = machines.get(name);
    if (!machine) throw new Error(`the guide has a command for ${name || 'no machine'}; machines are ${[...machines.keys()].join(', ')}`);
    return machine;
  }

  it.each(readGuide('multi-zone.md').map((step): [number, GuideStep] => [step.line, step]))(
    'does what it says in line %i',
    async (_, step) => run(step),
  );
});

function portsOf(all: ReadonlyMap<string, ControlPlanePorts>, name: string): ControlPlanePorts {
  const ports = all.get(name);
  if (!ports) throw new Error(`no ports were chosen for ${name}`);
  return ports;
}
