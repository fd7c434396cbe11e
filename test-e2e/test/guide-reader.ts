import { type Deployment, type ManagedProcess, until } from '@mesh/lab-kit';
import { expect } from 'vitest';
import { type GuideStep, missingIn } from './guide.js';
import type { UserMachine } from './user-machine.js';

/** Against hangs only: a busy machine is slow. */
const DEADLINE_MS = 240_000;

/** A machine that a guide is about. */
export interface GuideMachine {
  readonly user: UserMachine;
  /** Answers with 200 once the control plane that is started here can be asked. */
  readonly readyUrl: string;
}

export interface GuideReaderOptions {
  readonly deployment: Deployment;
  /** By the name that blocks of the guide bear; under `''` the machine of those that bear none. */
  readonly machines: ReadonlyMap<string, GuideMachine>;
}

/** Types the commands of a guide, one after the other, and compares what they print. */
export class GuideReader {
  private readonly controlPlanes = new Map<string, ManagedProcess>();
  private started = 0;

  constructor(private readonly options: GuideReaderOptions) {}

  /** Does a step. @throws AssertionError where something else happens than the guide says. */
  async run(step: GuideStep): Promise<void> {
    const machine = this.machineOf(step);
    switch (step.mode) {
      case 'control-plane':
        return this.startControlPlane(step, machine);
      case 'stop':
        return this.options.deployment.group.find(nameOf(step, step.command))?.stop();
      case 'background':
        machine.user.start(`background-${++this.started}`, step.command);
        return;
      case 'soon':
        return this.soon(`${step.command} to print ${step.output.join(', ')}`, async () => {
          const { stdout } = await machine.user.attempt(step.command);
          return missingIn(stdout, step.output).length === 0;
        });
      default:
        return attempt(step, machine);
    }
  }

  /** A control plane takes the place of the one that the guide has started on this machine before. */
  private async startControlPlane(step: GuideStep, { user, readyUrl }: GuideMachine): Promise<void> {
    const name = step.machine ?? '';
    await this.controlPlanes.get(name)?.stop();
    // Named after its command, by which the guide says what to stop; a second one needs a name of its own.
    const command = this.controlPlanes.has(name) ? `kuma-cp-${++this.started}` : 'kuma-cp';
    this.controlPlanes.set(name, user.start(command, step.command, 'control-plane'));
    await this.soon(`an answer from ${readyUrl}`, async () => (await fetch(readyUrl).catch(() => undefined))?.status === 200);
  }

  private async soon(what: string, check: () => Promise<boolean>): Promise<void> {
    await until({ what, deadlineMs: DEADLINE_MS, intervalMs: 100, signal: this.options.deployment.group.signal }, check);
  }

  private machineOf(step: GuideStep): GuideMachine {
    const { machines } = this.options;
    const machine = machines.get(step.machine ?? '');
    if (!machine)
      throw new Error(`line ${step.line} is for ${step.machine ?? 'no machine'}; machines are ${[...machines.keys()].join(', ')}`);
    return machine;
  }
}

async function attempt(step: GuideStep, { user }: GuideMachine): Promise<void> {
  const { code, stdout, stderr } = await user.attempt(`set -e\n${step.command}`);
  if (step.mode === 'fails') expect(code, stdout).not.toBe(0);
  else expect(code, `${step.command}\n${stdout}${stderr}`).toBe(0);
  expect(missingIn(stdout, step.output), stdout + stderr).toEqual([]);
}

function nameOf(step: GuideStep, command: string): string {
  return `${step.machine ?? ''}.${command}`;
}
