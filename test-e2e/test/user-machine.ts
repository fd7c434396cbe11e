import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Deployment, ManagedProcess } from '@mesh/lab-kit';
import { envoyPath, userEnv } from './config.js';

const run = promisify(execFile);
/** Against hangs only: a container takes its time to start on a busy machine. */
const COMMAND_MS_MAX = 240_000;

/** How a command ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface UserMachineOptions {
  readonly name: string;
  readonly deployment: Deployment;
  /** What stands in the manual, and what stands for it on this machine. Longer texts first. */
  readonly replace?: ReadonlyMap<string, string>;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A machine of a manual: a home directory of its own, and a shell for commands as they are printed
 * but for host names, ports and files.
 */
export class UserMachine {
  readonly home: string;

  constructor(private readonly options: UserMachineOptions) {
    this.home = join(options.deployment.options.workDir, options.name);
    mkdirSync(this.home, { recursive: true });
  }

  /** Runs a command to its end. @throws Error where it fails. */
  async shell(command: string): Promise<CommandResult> {
    const result = await this.attempt(command);
    if (result.code !== 0) throw new Error(`${command}\nexit code ${result.code}\n${result.stdout}${result.stderr}`);
    return result;
  }

  /** Runs a command that may fail. */
  async attempt(command: string): Promise<CommandResult> {
    try {
      return { code: 0, ...(await run('sh', ['-c', this.here(command)], { env: this.env(), cwd: this.home, timeout: COMMAND_MS_MAX })) };
    } catch (error) {
      const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
      return { code: typeof code === 'number' ? code : -1, stdout: stdout ?? '', stderr: stderr ?? '' };
    }
  }

  /** Starts a command that stays: a control plane or a proxy. */
  start(name: string, command: string, role: 'control-plane' | 'data-plane' = 'data-plane'): ManagedProcess {
    return this.options.deployment.group.start({
      name: `${this.options.name}.${name}`,
      command: 'sh',
      args: ['-c', `cd ${this.home}; exec env ${this.here(command)}`],
      env: this.env(),
      role,
    });
  }

  /** The words of the manual in terms of this machine. */
  here(command: string): string {
    let text = command;
    for (const [printed, actual] of this.options.replace ?? []) text = text.replaceAll(printed, actual);
    return text;
  }

  private env(): Record<string, string> {
    return userEnv({
      HOME: this.home,
      KUMA_DATAPLANE_RUNTIME_BINARY_PATH: envoyPath(),
      KUMA_DATAPLANE_DRAIN_TIME: '1s',
      KUMA_CONTROL_PLANE_RETRY_BACKOFF: '100ms',
      KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY: '1s',
      ...this.options.env,
    });
  }
}
