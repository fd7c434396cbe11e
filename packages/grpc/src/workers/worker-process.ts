import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { AdsHandler } from '../ads/handler.js';
import type { WorkerSettings, WorkerUsage } from './messages.js';
import { WorkerLink } from './worker-link.js';

/** File descriptor of the channel in a worker; the one before it is Node's own, over which connections come. */
export const WORKER_CHANNEL_FD = 4;

/** The program of a worker, beside this module: in `dist` of this package, or in that of an app that bundles both. Tests run this module from its source. */
const PROGRAM = fileURLToPath(new URL('./stream-worker.js', import.meta.url.replace(/\/src\/(workers\/[^/]+\.ts)$/, '/dist/$1')));
/** As the control planes themselves are started: without them Node takes 20 MiB more for itself. */
const NODE_FLAGS = ['--max-semi-space-size=4', '--v8-pool-size=1'];
/** A worker that does not end by itself is ended so long after its grace. */
const KILL_AFTER_MS = 2_000;
/** A worker is asked whether it lives this often within the silence that it is allowed. */
const PINGS = 4;

export interface WorkerProcessOptions {
  /** What it is told when it starts. */
  readonly settings: () => Promise<WorkerSettings>;
  readonly handler: AdsHandler;
  /** A worker that has said nothing for so long though it was asked hangs, and is ended. */
  readonly silenceMs: number;
  readonly onError: (error: unknown) => void;
  /** Once, when it is gone and its streams with it, for whatever reason. */
  readonly onExit: (reason: string) => void;
}

/** A worker of this process: a child that is handed connections. */
export class WorkerProcess {
  /** Resolves once it can be handed connections, or it is gone. */
  readonly ready: Promise<void>;
  private readonly child: ChildProcess;
  private readonly link: WorkerLink;
  /** Handed over, and not known to have arrived. */
  private readonly underway: Socket[] = [];
  private held = 0;
  private state: 'starting' | 'ready' | 'gone' = 'starting';
  private readonly pulse: NodeJS.Timeout;
  private isHung = false;

  constructor(options: WorkerProcessOptions) {
    this.child = fork(PROGRAM, { execArgv: NODE_FLAGS, stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'] });
    let markReady: () => void = () => {};
    this.ready = new Promise((resolve) => (markReady = resolve));
    this.link = new WorkerLink(this.child.stdio[WORKER_CHANNEL_FD] as Duplex, {
      handler: options.handler,
      onReady: () => {
        if (this.state === 'starting') this.state = 'ready';
        markReady();
      },
      onConnections: (arrived, ended) => {
        this.underway.splice(0, arrived);
        this.held += arrived - ended;
      },
      onError: options.onError,
      // Without its channel it is of no use, whatever it does.
      onClosed: () => this.child.kill('SIGKILL'),
    });
    options.settings().then(
      (settings) => this.link.start(settings),
      (error: unknown) => {
        options.onError(error);
        this.child.kill('SIGKILL');
      },
    );
    this.pulse = setInterval(() => this.checkLife(), options.silenceMs / PINGS).unref();
    this.child.on('error', options.onError);
    const gone = (reason: string) => {
      if (this.state === 'gone') return;
      this.state = 'gone';
      clearInterval(this.pulse);
      for (const socket of this.underway) socket.destroy();
      markReady();
      options.onExit(reason);
    };
    this.child.once('exit', (code, signal) => gone(this.isHung ? 'it hung' : signal ? `signal ${signal}` : `exit code ${code}`));
    this.child.once('error', (error) => this.child.pid === undefined && gone(error.message));
  }

  get isReady(): boolean {
    return this.state === 'ready';
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Connections it serves or is about to. */
  get connections(): number {
    return this.held + this.underway.length;
  }

  /** Bytes on their way to it. */
  get backlogBytes(): number {
    return this.link.backlogBytes;
  }

  /** Hands a connection over; nothing may have been read of it. */
  take(socket: Socket): void {
    this.underway.push(socket);
    this.child.send('connection', socket, (error) => {
      if (error) socket.destroy();
    });
  }

  /** What it uses; undefined where it goes meanwhile. */
  usage(): Promise<WorkerUsage | undefined> {
    return this.link.usage();
  }

  /** Lets what runs there end for so long, then cuts it; resolves when the process is gone. */
  async drain(graceMs: number): Promise<void> {
    if (this.state === 'gone') return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.link.drain(graceMs);
    const kill = setTimeout(() => this.child.kill('SIGKILL'), graceMs + KILL_AFTER_MS);
    await gone;
    clearTimeout(kill);
  }

  /** Counts questions, not time: a main process that was held up itself has not heard what is waiting for it. */
  private checkLife(): void {
    if (this.state !== 'ready' || this.link.ping() <= PINGS) return;
    this.isHung = true;
    this.child.kill('SIGKILL');
  }
}
