import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ControlPlane,
  type Convergence,
  type ConvergenceRequest,
  type Resource,
  type ResourceStore,
  ResourceView,
  silentLogger,
  type TokenRequest,
} from '@mesh/core';
import { type ApiServer, createApiServer } from '@mesh/http-api';
import { ResourceManager } from '@mesh/resources';
import { loadConfig } from '@mesh/runtime';
import { openTestStore } from '@mesh/store-kit';
import { registry } from '../src/kinds.js';
import { runKumactl } from '../src/run.js';

/** The time kumactl believes it is. */
export const NOW = '2026-11-21T08:17:48Z';

/** The time the store believes it is: a quarter of an hour earlier. */
const STORED = '2026-11-21T08:02:43Z';

/** An API on a free port of loopback. */
const SERVER_ENV = {
  KUMA_API_SERVER_HTTP_INTERFACE: '127.0.0.1',
  KUMA_API_SERVER_HTTP_PORT: '0',
  KUMA_API_SERVER_HTTPS_ENABLED: 'false',
};

/** What one run of kumactl left behind. */
export interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** A control plane with a real API, and a user who types commands. */
export class KumactlUnderTest {
  readonly tokens: TokenRequest[] = [];
  /** What the control plane tells of a revision. */
  converged: (request: ConvergenceRequest) => Partial<Convergence> = () => ({});
  readonly home = mkdtempSync(join(tmpdir(), 'kumactl-'));
  /** `$HOME` of the user. */
  userHome = this.home;
  readonly view = new ResourceView();
  private server: ApiServer | undefined;
  url = '';

  private constructor(private readonly store: ResourceStore) {}

  /** Starts the API and makes it the active control plane. */
  static async start(): Promise<KumactlUnderTest> {
    const kumactl = new KumactlUnderTest(await openTestStore({ clock: { now: () => Date.parse(STORED) } }));
    await kumactl.serve();
    await kumactl.run(['config', 'control-planes', 'add', '--name', 'test', '--address', kumactl.url]);
    return kumactl;
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    await this.store.close();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Runs `kumactl <argv>` with `stdin`; without one, stdin is a terminal. */
  async run(argv: readonly string[], stdin?: string): Promise<Outcome> {
    let out = '';
    let err = '';
    const code = await runKumactl(argv, {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      readStdin: async () => stdin ?? '',
      stdinIsTty: stdin === undefined,
      env: { HOME: this.userHome },
      now: () => Date.parse(NOW),
    });
    return { out, err, code };
  }

  /** Stores resources without applying the write rules. */
  async seed(...resources: readonly Resource[]): Promise<void> {
    const mutations = resources.map(({ kind, meta, spec }) => {
      const { mesh, name, labels } = meta;
      return { op: 'upsert', draft: { kind, mesh, name, labels, spec } } as const;
    });
    const { revision } = await this.store.transact(mutations, { author: { name: 'test' } });
    await this.view.waitFor(revision);
  }

  private async serve(): Promise<void> {
    await this.store.follow(this.view.apply);
    this.server = await createApiServer({
      controlPlane: this.controlPlane(),
      registry,
      config: loadConfig({ env: SERVER_ENV }).config,
      authenticator: { authenticate: async () => ({ name: 'alice', groups: [] }) },
      log: silentLogger,
      metrics: { observe: () => {}, inflight: () => {} },
    });
    const { http } = await this.server.start();
    this.url = `http://localhost:${http?.port}`;
  }

  private controlPlane(): ControlPlane {
    const facts = { mode: 'zone', zone: 'zone-1', federated: false, environment: 'universal' } as const;
    const manager = new ResourceManager({ store: this.store, view: this.view, registry, facts });
    return {
      view: this.view,
      info: async () => ({ ...facts, storeType: 'memory', instanceId: 'vm-3130', hostname: 'vm', readOnly: false }),
      config: async () => '{}',
      put: (request) => manager.put(request),
      delete: (request) => manager.delete(request),
      issueToken: async (request) => {
        this.tokens.push(request);
        return `token-of-${request.type}`;
      },
      proxyAdmin: async ({ what, name }) => new TextEncoder().encode(`${what} of ${name}`),
      announce: async () => {},
      convergence: async (request) => ({
        revision: request.revision,
        current: this.view.revision,
        state: 'converged',
        ...this.converged(request),
      }),
      reportDeliveries: async () => {},
      recordAudit: (entries) => this.store.audit.append(entries),
      readAudit: (query) => this.store.audit.read(query),
    };
  }
}
