import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export interface RedisServerOptions {
  /** PEM files; present: TLS alone is spoken, at `localhost`. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** What clients have to know. */
  readonly password?: string;
}

/** A real Redis server of one test, without a file on disk. */
export class RedisServer {
  private constructor(
    readonly port: number,
    private readonly options: RedisServerOptions,
    private child: ChildProcess,
  ) {}

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    return new RedisServer(port, options, await launch(port, options));
  }

  get url(): string {
    const { tls, password } = this.options;
    return `${tls ? 'rediss' : 'redis'}://${password ? `:${password}@` : ''}${tls ? 'localhost' : '127.0.0.1'}:${this.port}`;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  /** A new, empty server at the same address. */
  async startAgain(): Promise<void> {
    this.child = await launch(this.port, this.options);
  }

  /** It takes no more part, and its connections stay open. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }
}

async function launch(port: number, { tls, password }: RedisServerOptions): Promise<ChildProcess> {
  const secure = tls ? ['--port', '0', '--tls-port', String(port), '--tls-cert-file', tls.certFile, '--tls-key-file', tls.keyFile] : [];
  const where = tls ? [...secure, '--tls-auth-clients', 'no', '--tls-ca-cert-file', tls.certFile] : ['--port', String(port)];
  const command = process.env.MESH_REDIS_BIN ?? 'redis-server';
  const child = spawn(
    command,
    [...where, ...(password ? ['--requirepass', password] : []), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`redis-server ended with code ${code}`)));
    child.stdout?.on('data', (text: Buffer) => text.includes('Ready to accept connections') && resolve());
  });
  return child;
}
