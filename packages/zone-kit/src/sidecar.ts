import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEnvoy } from '@mesh/testing';
import { waitFor, type Zone } from './zone.js';

export interface SidecarOptions {
  readonly zone: Zone;
  readonly name: string;
  /** The Dataplane document, registered with the connection. */
  readonly document: object;
  readonly token: string;
  /** A file that holds the token as well, for zones whose proxies read it anew for every stream. */
  readonly tokenPath?: string;
  readonly features?: readonly string[];
  /** `dataplane` unless said. */
  readonly proxyType?: string;
}

/** A real Envoy, started with the bootstrap of a zone. */
export class Sidecar {
  private exit: number | undefined;

  private constructor(
    private readonly process: ChildProcess,
    private readonly workDir: string,
    readonly name: string,
  ) {
    process.once('exit', (code) => {
      this.exit = code ?? -1;
    });
  }

  static async start(options: SidecarOptions): Promise<Sidecar> {
    const workDir = mkdtempSync(join(tmpdir(), 'mesh-dp-'));
    const bootstrap = join(workDir, 'bootstrap.yaml');
    writeFileSync(bootstrap, await fetchBootstrap(options, workDir));
    const args = [
      '--config-path',
      bootstrap,
      '--disable-hot-restart',
      '--drain-time-s',
      '30',
      '--drain-strategy',
      'immediate',
      '--concurrency',
      '1',
      '--log-level',
      'warning',
    ];
    return new Sidecar(spawn(findEnvoy(), args, { stdio: 'ignore' }), workDir, options.name);
  }

  /** Stops Envoy and removes its files. */
  async stop(): Promise<void> {
    this.process.kill('SIGKILL');
    await waitFor(() => this.exit !== undefined, 'the end of Envoy');
    rmSync(this.workDir, { recursive: true, force: true });
  }

  /** Body of an admin endpoint; empty while Envoy does not answer. */
  async admin(path: string): Promise<string> {
    if (this.exit !== undefined) throw new Error(`Envoy ended with code ${this.exit}`);
    return get({ socketPath: join(this.workDir, 'kuma-envoy-admin.sock'), path }).then(
      (answer) => answer.body,
      () => '',
    );
  }

  /** Counters whose name matches. */
  async counters(pattern: RegExp): Promise<Map<string, number>> {
    const lines = (await this.admin('/stats')).split('\n').map((line) => line.split(': '));
    return new Map(lines.filter(([name = '']) => pattern.test(name)).map(([name = '', value]) => [name, Number(value)]));
  }

  /** Waits until Envoy listens on a port. */
  async listening(port: number): Promise<void> {
    await waitFor(async () => (await this.admin('/listeners')).includes(`:${port}\n`), `${this.name} to listen on ${port}`);
  }
}

/** Fetches the bootstrap the way kuma-dp does. */
export async function fetchBootstrap(options: SidecarOptions, workDir: string): Promise<string> {
  const { zone, name, document, token, features = [], proxyType = 'dataplane', tokenPath = '' } = options;
  const answer = await zone.bootstrap({
    mesh: proxyType === 'dataplane' ? 'default' : '',
    name,
    proxyType,
    dataplaneToken: token,
    dataplaneTokenPath: tokenPath,
    dataplaneResource: JSON.stringify(document),
    readinessPort: 9902,
    workdir: workDir,
    features,
    version: { kumaDp: { version: '2.14.3' }, envoy: { version: '1.40.0' } },
  });
  if (answer.status !== 200) throw new Error(`bootstrap: ${answer.status} ${answer.body}`);
  return Buffer.from(JSON.parse(answer.body).bootstrap, 'base64').toString('utf8');
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  /** Port of this end of the connection; tells connections apart. */
  readonly localPort: number | undefined;
}

export interface Target {
  readonly port?: number;
  readonly socketPath?: string;
  readonly path: string;
  /** Keeps connections; a new one for each request where left out. */
  readonly agent?: Agent;
}

/** One HTTP GET, over TCP or a Unix socket. */
export function get(target: Target): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', agent: false, ...target });
    req.once('error', reject);
    req.once('response', (res) => {
      const { localPort } = res.socket;
      let body = '';
      res.setEncoding('utf8');
      res.on('data', (text: string) => {
        body += text;
      });
      res.once('error', reject);
      res.once('end', () => resolve({ status: res.statusCode ?? 0, body, headers: res.headers, localPort }));
    });
    req.end();
  });
}
