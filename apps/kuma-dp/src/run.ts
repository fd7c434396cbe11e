import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, MeshError, messageOf } from '@mesh/core';
import { fetchBootstrap, readTrust } from './bootstrap-client.js';
import { bootstrapRequest } from './bootstrap-request.js';
import type { DpConfig } from './config.js';
import { type ProxyIdentity, resolveIdentity } from './dataplane-definition.js';
import { type AdminAddress, adminAddressOf, adminRequest } from './envoy-admin.js';
import { findEnvoy, readEnvoyVersion, startEnvoy, watchEnvoy } from './envoy-process.js';
import { ReadinessReporter } from './readiness.js';

const ENVOY_STOP_TIMEOUT_MS = 5000;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export interface RunOptions {
  readonly config: DpConfig;
  readonly log: Logger;
  readonly pathVariable: string;
}

/**
 * One proxy from bootstrap to end: fetches the bootstrap, runs Envoy, drains when told to stop.
 * Nothing is restarted silently: when Envoy ends by itself, so does the run.
 */
export class ProxyRun {
  private readonly abort = new AbortController();
  private readonly readiness = new ReadinessReporter(() => this.admin);
  private admin: AdminAddress | undefined;
  private envoy: ChildProcess | undefined;
  private stopRequests = 0;
  private drained: (() => void) | undefined;

  constructor(private readonly options: RunOptions) {}

  /** @returns the exit code: 0 after a requested stop, 1 when Envoy ended by itself. */
  async run(): Promise<number> {
    const { config, log } = this.options;
    const identity = resolveIdentity(config);
    for (const warning of identity.warnings) log.warn({ warning }, 'deprecated definition');
    const token = readToken(config);
    const binary = findEnvoy(config.binaryPath, this.options.pathVariable);
    const envoy = readEnvoyVersion(binary);
    const trust = readTrust(config);
    const workDir = prepareWorkDir(config);
    try {
      const readinessPort = await this.startReadiness();
      const body = bootstrapRequest({
        config: { ...config, readinessPort },
        identity,
        envoy,
        workDir: workDir.path,
        token,
        caPem: trust.caPem,
      });
      const bootstrap = await this.fetch({ body, trust });
      if (bootstrap === undefined) return 0;
      return await this.runEnvoy({ binary, bootstrap, workDir: workDir.path, identity });
    } finally {
      this.readiness.stop();
      if (workDir.temporary) rmSync(workDir.path, { recursive: true, force: true });
    }
  }

  /** First call: drain, then stop. Second call: stop now. */
  stop(signal: string): void {
    this.stopRequests++;
    this.options.log.info({ signal }, this.stopRequests === 1 ? 'stopping' : 'stopping at once');
    this.abort.abort(new Error('stopped'));
    if (this.stopRequests > 1) this.drained?.();
  }

  /** Drains inbound listeners and goes on running (SIGUSR2); a following stop ends at once. */
  async drainListeners(): Promise<void> {
    this.readiness.state = 'terminating';
    this.stopRequests++;
    if (this.admin)
      await adminRequest(this.admin, 'POST', '/drain_listeners?inboundonly&graceful&skip_exit').catch((error: unknown) =>
        this.warnAdmin(error),
      );
  }

  private async startReadiness(): Promise<number> {
    const { config, log } = this.options;
    try {
      const port = await this.readiness.start(config.readinessPort, config.readinessPortIsDefault);
      if (port !== config.readinessPort) log.info({ port, taken: config.readinessPort }, 'readiness is reported on another port');
      return port;
    } catch (error) {
      throw new MeshError('invalid', {
        violations: [{ field: 'KUMA_READINESS_PORT', message: messageOf(error) }],
        hint: '0 disables the readiness reporter',
      });
    }
  }

  private async fetch({ body, trust }: { body: object; trust: ReturnType<typeof readTrust> }): Promise<string | undefined> {
    const { config, log } = this.options;
    try {
      return await fetchBootstrap({ config, trust, body, log, signal: this.abort.signal });
    } catch (error) {
      if (this.abort.signal.aborted) return undefined;
      throw error;
    }
  }

  private async runEnvoy(run: { binary: string; bootstrap: string; workDir: string; identity: ProxyIdentity }): Promise<number> {
    const { config, log } = this.options;
    const configPath = join(run.workDir, 'bootstrap.yaml');
    writeFileSync(configPath, run.bootstrap, { mode: 0o600 });
    this.admin = adminAddressOf(run.bootstrap);
    if (this.abort.signal.aborted) return 0;
    const logLevel = config.envoyLogLevel === '' ? 'info' : config.envoyLogLevel;
    const envoy = startEnvoy({
      binary: run.binary,
      configPath,
      drainTimeMs: config.drainTimeMs,
      logLevel,
      componentLogLevel: config.envoyComponentLogLevel,
      concurrency: config.concurrency,
    });
    this.envoy = envoy;
    const watchdog = envoy.pid === undefined ? undefined : watchEnvoy(envoy.pid);
    envoy.once('exit', () => watchdog?.dismiss());
    const ended = new Promise<string>((resolve) => {
      envoy.once('error', (error) => resolve(error.message));
      envoy.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
    });
    log.info({ name: run.identity.name, mesh: run.identity.mesh, proxyType: run.identity.proxyType, pid: envoy.pid }, 'Envoy started');
    this.readiness.state = 'serving';
    const stopped = new Promise<'stopped'>((resolve) =>
      this.abort.signal.addEventListener('abort', () => resolve('stopped'), { once: true }),
    );
    const outcome = await Promise.race([ended, stopped]);
    if (outcome !== 'stopped') {
      log.error({ reason: outcome }, 'Envoy ended');
      return 1;
    }
    await this.drain(ended);
    await this.endEnvoy(ended);
    return 0;
  }

  private async drain(ended: Promise<unknown>): Promise<void> {
    this.readiness.state = 'terminating';
    if (this.stopRequests > 1) return;
    if (this.admin) await adminRequest(this.admin, 'POST', '/healthcheck/fail').catch((error: unknown) => this.warnAdmin(error));
    const { drainTimeMs } = this.options.config;
    this.options.log.info({ drainTimeMs }, 'draining; a second signal stops at once');
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drainTimeMs);
      this.drained = resolve;
    });
    await Promise.race([waited, ended]);
    clearTimeout(timer);
  }

  private async endEnvoy(ended: Promise<unknown>): Promise<void> {
    const timer = setTimeout(() => this.envoy?.kill('SIGKILL'), ENVOY_STOP_TIMEOUT_MS);
    this.envoy?.kill('SIGTERM');
    await ended;
    clearTimeout(timer);
  }

  private warnAdmin(error: unknown): void {
    this.options.log.warn({ error: messageOf(error) }, 'Envoy admin refused the drain request');
  }
}

/** Reads the token and checks its shape, so that a wrong file is noticed before Envoy starts. */
function readToken(config: DpConfig): string {
  let token = config.token;
  if (config.tokenFile !== '') {
    try {
      token = readFileSync(config.tokenFile, 'utf8').trim();
    } catch (error) {
      throw new MeshError('invalid', { violations: [{ field: '--dataplane-token-file', message: `cannot be read: ${messageOf(error)}` }] });
    }
    if (token === '') throw new MeshError('invalid', { violations: [{ field: '--dataplane-token-file', message: 'is empty' }] });
  }
  if (token !== '' && !JWT.test(token)) {
    const field = config.tokenFile === '' ? '--dataplane-token' : '--dataplane-token-file';
    throw new MeshError('invalid', {
      violations: [{ field, message: 'is not a token: expected three base64 parts joined by dots' }],
      hint: 'make one with kumactl generate dataplane-token',
    });
  }
  return token;
}

function prepareWorkDir(config: DpConfig): { path: string; temporary: boolean } {
  if (config.workDir !== '') {
    mkdirSync(config.workDir, { recursive: true });
    return { path: config.workDir, temporary: false };
  }
  const path = mkdtempSync(join(tmpdir(), 'kuma-dp-'));
  chmodSync(path, 0o711);
  return { path, temporary: true };
}
