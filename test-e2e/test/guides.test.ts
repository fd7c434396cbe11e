import { rmSync } from 'node:fs';
import {
  type ControlPlanePorts,
  chooseControlPlanePorts,
  choosePort,
  Deployment,
  listenerEnv,
  type ManagedProcess,
  until,
} from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { type GuideStep, missingIn, readGuide } from './guide.js';
import { UserMachine } from './user-machine.js';
import { makeWorkDir } from './work-dir.js';

/** Guides whose commands are run one after the other, as a reader would, on a machine of their own. */
describe.each(['api.md', 'kumactl.md', 'tokens.md', 'access.md'])('docs/guides/%s', (guide) => {
  const workDir = makeWorkDir('guide');
  const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
  let ports: ControlPlanePorts;
  let machine: UserMachine;
  let controlPlane: ManagedProcess | undefined;
  let starts = 0;

  beforeAll(async () => {
    ports = await chooseControlPlanePorts();
    const env = { ...listenerEnv(ports), KUMA_DIAGNOSTICS_SERVER_PORT: String(await choosePort(0)) };
    const replace = new Map([
      ['http://localhost:5681', `http://localhost:${ports.api}`],
      ['https://localhost:5682', `https://localhost:${ports.apiHttps}`],
    ]);
    machine = new UserMachine({ name: 'reader', deployment, replace, env });
  });
  afterAll(async () => {
    await deployment.stop();
    rmSync(workDir, { recursive: true, force: true });
  });

  /** A control plane of the guide takes the place of the one before it. */
  async function startControlPlane(command: string): Promise<void> {
    await controlPlane?.stop();
    controlPlane = machine.start(`kuma-cp-${++starts}`, command, 'control-plane');
    const url = `http://localhost:${ports.api}/meshes/default`;
    await until({ what: 'the default mesh', deadlineMs: 30_000, intervalMs: 100, signal: deployment.group.signal }, async () => {
      const answer = await fetch(url).catch(() => undefined);
      return answer?.status === 200;
    });
  }

  it.each(readGuide(guide).map((step): [number, GuideStep] => [step.line, step]))('does what it says in line %i', async (_, step) => {
    if (step.mode === 'control-plane') return startControlPlane(step.command);
    const { code, stdout, stderr } = await machine.attempt(`set -e\n${step.command}`);
    if (step.mode === 'fails') expect(code, stdout).not.toBe(0);
    else expect(code, `${step.command}\n${stdout}${stderr}`).toBe(0);
    expect(missingIn(stdout, step.output), stdout + stderr).toEqual([]);
  });
});
