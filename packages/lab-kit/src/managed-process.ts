import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Control planes and their services are counted apart from proxies and applications. */
  readonly role: 'control-plane' | 'data-plane' | 'application';
}

/** Time for an orderly stop before a process is killed. */
const STOP_TIMEOUT_MS = 8000;

/** A child process with its output in a file. */
export class ManagedProcess {
  private readonly child: ChildProcess;
  private exit: { code: number | null; signal: string | null } | undefined;
  private readonly exited: Promise<void>;
  private stopping = false;

  constructor(
    readonly spec: ProcessSpec,
    readonly logFile: string,
    onCrash: (process: ManagedProcess) => void,
  ) {
    const log = openSync(logFile, 'a');
    this.child = spawn(spec.command, [...spec.args], { env: { ...spec.env }, stdio: ['ignore', log, log] });
    closeSync(log);
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: string | null) => {
        this.exit ??= { code, signal };
        resolve();
        if (!this.stopping) onCrash(this);
      };
      this.child.once('exit', end);
      this.child.once('error', () => end(null, 'spawn failed'));
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get running(): boolean {
    return this.exit === undefined;
  }

  /** How it ended, for messages; undefined while it runs. */
  get ending(): string | undefined {
    return this.exit && (this.exit.signal ? `signal ${this.exit.signal}` : `exit code ${this.exit.code}`);
  }

  /** The end of its output. */
  tail(lines = 12): string {
    try {
      return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } catch {
      return '';
    }
  }

  /** SIGTERM, then SIGKILL when that is not enough. Resolves when it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.stopping = true;
    if (!this.running) return;
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.exited;
    clearTimeout(timer);
  }

  /** SIGKILL to it and to what it started, which nobody would end any more. Resolves when it is gone. */
  async kill(): Promise<void> {
    const children = this.running ? childrenOf(this.pid) : [];
    await this.stop('SIGKILL');
    for (const pid of children) killIfThere(pid);
  }

  /** Tells it something without expecting it to end. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** Process ids of what a process started itself; none where the system does not tell (not Linux). */
function childrenOf(pid: number): number[] {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return list === '' ? [] : list.split(' ').map(Number);
  } catch {
    return [];
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it ended by itself
  }
}

/** All processes of one deployment; the first that ends by itself aborts `signal`. */
export class ProcessGroup {
  readonly processes: ManagedProcess[] = [];
  private readonly abort = new AbortController();

  /** @param logDir directory for the outputs; must exist. */
  constructor(private readonly logDir: string) {}

  /** Aborts with the reason when a process ends that nobody stopped. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  start(spec: ProcessSpec): ManagedProcess {
    const process = new ManagedProcess(spec, join(this.logDir, `${spec.name}.log`), (ended) => {
      this.abort.abort(new Error(`${ended.spec.name} ended by itself (${ended.ending}); its last lines:\n${ended.tail()}`));
    });
    this.processes.push(process);
    return process;
  }

  find(name: string): ManagedProcess | undefined {
    return this.processes.findLast((process) => process.spec.name === name);
  }

  /** Proxies first, then applications, then control planes. */
  async stopAll(): Promise<void> {
    for (const role of ['data-plane', 'application', 'control-plane'] as const) {
      await Promise.all(this.processes.filter((process) => process.spec.role === role).map((process) => process.stop()));
    }
  }
}
