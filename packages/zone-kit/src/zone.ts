import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ControlPlane, DescriptorRegistry, type Runner, silentLogger } from '@mesh/core';
import { policyKinds } from '@mesh/policies';
import { coreKinds, parseDocument } from '@mesh/resources';
import { Health, type KumaConfig, loadConfig, Metrics, type ServiceOptions, startServices } from '@mesh/runtime';
import { freePorts } from './ports.js';

const ADMIN = { name: 'mesh-system:admin' };
const registry = new DescriptorRegistry([...coreKinds, ...policyKinds]);

/** What a zone control plane shows to tests. */
export interface ZoneServer extends Runner {
  readonly controlPlane: ControlPlane;
  /** Port of bootstrap and xDS. */
  readonly dataplanePort: number;
  /** Which revision each connected proxy was given and has accepted. */
  readonly deliveries: ReadonlyMap<string, { readonly builtRevision: number; readonly ackedRevision: number }>;
}

/** The module of the zone service: its runner is a `ZoneServer`. */
export interface ZoneServiceModule {
  forRoot(options: ServiceOptions): ReturnType<Parameters<typeof startServices>[0][number]>;
}

interface ZoneParts {
  readonly runner: ZoneServer;
  readonly workDir: string;
  readonly internalPort: number;
  readonly stop: () => Promise<void>;
}

/** Configuration of a standalone zone whose ports are free ones. @param env variables beyond what a test needs to stand alone. */
export function zoneConfig(workDir: string, env: Readonly<Record<string, string>> = {}): KumaConfig {
  return loadConfig({
    env: {
      KUMA_MODE: 'zone',
      KUMA_MULTIZONE_ZONE_NAME: 'zone-1',
      KUMA_GENERAL_WORK_DIR: workDir,
      KUMA_DP_SERVER_PORT: '0',
      KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: '0',
      KUMA_INTERNAL_PORT: '0',
      ...env,
    },
  }).config;
}

/** A standalone zone on real sockets, with everything in memory. */
export class Zone {
  private stopped = false;

  private constructor(private readonly parts: ZoneParts) {}

  get runner(): ZoneServer {
    return this.parts.runner;
  }

  /** Port of the interface to the other services of the deployment. */
  get internalPort(): number {
    return this.parts.internalPort;
  }

  get workDir(): string {
    return this.parts.workDir;
  }

  /** @param env variables beyond what a test needs to stand alone. */
  static async start(module: ZoneServiceModule, env: Record<string, string> = {}): Promise<Zone> {
    const workDir = mkdtempSync(join(tmpdir(), 'mesh-zone-'));
    const [internalPort = 0] = await freePorts(1);
    const config = zoneConfig(workDir, { KUMA_INTERNAL_PORT: String(internalPort), ...env });
    const options: ServiceOptions = { config, log: silentLogger, metrics: new Metrics('zone-1'), health: new Health() };
    const host = await startServices([(given) => module.forRoot(given)], options);
    const runner = host.runners[0] as ZoneServer;
    const zone = new Zone({ runner, workDir, internalPort, stop: () => host.stop() });
    await waitFor(() => zone.controlPlane.view.get({ kind: 'Mesh', mesh: '', name: 'default' }) !== undefined, 'the default mesh');
    return zone;
  }

  get controlPlane(): ControlPlane {
    return this.runner.controlPlane;
  }

  get certificate(): string {
    return readFileSync(join(this.workDir, 'kuma-cp.crt'), 'utf8');
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    await this.parts.stop();
    rmSync(this.workDir, { recursive: true, force: true });
  }

  /** Writes a document as a user would. */
  async apply(document: object): Promise<void> {
    const { draft } = parseDocument(registry, document);
    await this.controlPlane.put({ draft, author: ADMIN });
  }

  token(name: string, options: { mesh?: string; validForMs?: number } = {}): Promise<string> {
    const { mesh = 'default', validForMs = 3_600_000 } = options;
    return this.controlPlane.issueToken({ type: 'dataplane', name, mesh, tags: {}, proxyType: 'dataplane', workload: '', validForMs });
  }

  /** `POST /bootstrap` as kuma-dp does. */
  bootstrap(document: object | string | Buffer, headers: Record<string, string> = { accept: 'application/json' }): Promise<HttpAnswer> {
    const body = typeof document === 'string' || Buffer.isBuffer(document) ? document : JSON.stringify(document);
    return post({ port: this.runner.dataplanePort, ca: this.certificate, path: '/bootstrap', body, headers });
  }
}

export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

interface PostOptions {
  readonly port: number;
  readonly ca: string;
  readonly path: string;
  readonly body: string | Buffer;
  readonly headers: Record<string, string>;
}

function post({ port, ca, path, body, headers }: PostOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const req = request({
      host: '127.0.0.1',
      port,
      path,
      method: 'POST',
      ca,
      agent: false,
      headers: { 'content-type': 'application/json', ...headers },
    });
    req.once('error', reject);
    req.once('response', (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.once('error', reject);
      res.once('end', () =>
        resolve({ status: res.statusCode ?? 0, type: res.headers['content-type'] ?? '', body: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    req.end(body);
  });
}

/** Polls until the condition holds; fails naming it after 20 s. */
export async function waitFor(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Bytes that are no protocol. */
export function garbage(length: number): Buffer {
  return randomBytes(length);
}
