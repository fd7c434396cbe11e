import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ApiClient } from './api-client.js';
import { inheritedEnv } from './config.js';
import { type ManagedProcess, ProcessGroup } from './managed-process.js';
import { until } from './poll.js';
import { choosePort } from './ports.js';

/** Where a control plane keeps its state. */
export type StoreChoice =
  | { readonly type: 'memory' }
  | {
      readonly type: 'postgres';
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
    };

export interface DeploymentOptions {
  /** Directory with the commands (`bin/` of a built checkout). */
  readonly binDir: string;
  /** Directory with `kuma-tcp-echo`, where that is another one (measuring another control plane). */
  readonly appBinDir?: string;
  /** Everything the processes write goes below this directory. */
  readonly workDir: string;
  readonly envoyPath: string;
  /** Added to the environment of every process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends all waiting with its reason. */
  readonly signal?: AbortSignal;
}

export interface ControlPlaneSpec {
  /** `global`, or the name of the zone. */
  readonly name: string;
  readonly store: StoreChoice;
  /** Every service its own process, or `kuma-cp run` with all of them. */
  readonly layout: 'services' | 'single';
  /** Tells the processes of one instance from those of another one of the same control plane; behind the name. */
  readonly instance?: string;
  /** Set for a zone that joins a global. */
  readonly global?: ControlPlaneHandle;
  /** Preferred ports; a taken one is replaced by a free one. */
  readonly ports?: Partial<ControlPlanePorts>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ControlPlanePorts {
  readonly api: number;
  readonly apiHttps: number;
  readonly internal: number;
  readonly kds: number;
  readonly dp: number;
  readonly zoneProxyXds: number;
  readonly dns: number;
  readonly interCp: number;
}

/** A running control plane with its services. */
export interface ControlPlaneHandle {
  readonly name: string;
  readonly mode: 'global' | 'zone';
  readonly workDir: string;
  readonly ports: ControlPlanePorts;
  readonly api: ApiClient;
  readonly processes: readonly ManagedProcess[];
  /** The global it has joined. */
  readonly global?: ControlPlaneHandle;
  /** The settings its processes were started with. */
  readonly env: Readonly<Record<string, string>>;
}

export interface DataplaneSpec {
  readonly zone: ControlPlaneHandle;
  /** Dataplane, ZoneIngress or ZoneEgress document; written to a file and passed with --dataplane-file. */
  readonly document: { readonly type: string; readonly name: string; readonly [field: string]: unknown };
  readonly proxyType?: 'dataplane' | 'ingress' | 'egress';
  readonly bindOutbounds?: boolean;
  readonly drainTime?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Against hangs only: a machine that does much else is slow. */
const READY_DEADLINE_MS = 180_000;

/** Starts control planes, proxies and applications as processes of this machine, and stops them. */
export class Deployment {
  readonly group: ProcessGroup;

  constructor(readonly options: DeploymentOptions) {
    for (const dir of ['logs', 'dataplanes']) mkdirSync(join(options.workDir, dir), { recursive: true });
    this.group = new ProcessGroup(join(options.workDir, 'logs'));
  }

  /** Starts the processes of a control plane without waiting for them. */
  async launchControlPlane(spec: ControlPlaneSpec): Promise<ControlPlaneHandle> {
    const mode = spec.name === 'global' ? 'global' : 'zone';
    const ports = await chooseControlPlanePorts(spec.ports ?? {});
    const workDir = join(this.options.workDir, spec.name);
    mkdirSync(workDir, { recursive: true });
    const { appBinDir, binDir } = this.options;
    const isForeign = appBinDir !== undefined && appBinDir !== binDir;
    const foreign = isForeign ? kumaListenerEnv(ports) : {};
    const env = { ...this.baseEnv(), ...controlPlaneEnv({ spec, mode, ports, workDir }), ...foreign, ...spec.env };
    const names =
      spec.layout === 'single'
        ? ['kuma-cp']
        : [mode === 'global' ? 'global-cp' : 'zone-cp', 'api-gateway', ...(mode === 'zone' ? ['dns-resolver', 'ingress-manager'] : [])];
    const processes: ManagedProcess[] = [];
    for (const name of names) processes.push(await this.launchService(name, spec.name + (spec.instance ?? ''), env));
    return {
      name: spec.name,
      mode,
      workDir,
      ports,
      api: new ApiClient(`http://127.0.0.1:${ports.api}`),
      processes,
      env,
      ...(spec.global ? { global: spec.global } : {}),
    };
  }

  /** Starts one service of a control plane again, with the settings it had; `owner` is the name of the control plane and its instance. */
  async launchService(service: string, owner: string, env: Readonly<Record<string, string>>): Promise<ManagedProcess> {
    const diagnostics = await choosePort(0);
    return this.group.start({
      name: `${owner}.${service}`,
      command: join(this.options.binDir, service),
      args: service === 'kuma-cp' ? ['run'] : [],
      env: { ...env, KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics) },
      role: 'control-plane',
    });
  }

  /** Waits until the API of a control plane answers from its store. */
  async waitForApi(controlPlane: ControlPlaneHandle): Promise<void> {
    await this.until(`API of ${controlPlane.name}`, async () => (await controlPlane.api.get('/meshes')) !== undefined);
  }

  /** Waits until the global has the zone and shows it online. */
  async waitForZone(global: ControlPlaneHandle, zone: string): Promise<void> {
    await this.until(`zone ${zone} online`, async () => {
      const overview = await global.api.get<{ zoneInsight?: { subscriptions?: { connectTime?: string; disconnectTime?: string }[] } }>(
        `/zones/${zone}/_overview`,
      );
      return overview?.zoneInsight?.subscriptions?.some((s) => s.connectTime && !s.disconnectTime);
    });
  }

  /** Makes a token at the zone, writes the files and starts `kuma-dp run` with a real Envoy. */
  async launchDataplane(spec: DataplaneSpec): Promise<ManagedProcess> {
    const { zone, document } = spec;
    const id = `${zone.name}.${document.name}`;
    const dir = join(this.options.workDir, 'dataplanes', id);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'dataplane.yaml'), stringify(document));
    writeFileSync(join(dir, 'token'), await this.token(spec), { mode: 0o600 });
    const readiness = await choosePort(0);
    const args = [
      'run',
      `--cp-address=https://127.0.0.1:${zone.ports.dp}`,
      `--ca-cert-file=${join(zone.workDir, 'kuma-cp.crt')}`,
      `--dataplane-file=${join(dir, 'dataplane.yaml')}`,
    ];
    args.push(
      `--dataplane-token-file=${join(dir, 'token')}`,
      `--binary-path=${this.options.envoyPath}`,
      `--work-dir=${this.socketDir()}`,
      '--concurrency=1',
    );
    args.push(`--proxy-type=${spec.proxyType ?? 'dataplane'}`, `--drain-time=${spec.drainTime ?? '1s'}`, '--envoy-log-level=warning');
    if (spec.bindOutbounds) args.push('--bind-outbounds');
    return this.group.start({
      name: id,
      command: join(this.options.binDir, 'kuma-dp'),
      args,
      env: { ...this.baseEnv(), KUMA_READINESS_PORT: String(readiness), KUMA_CONTROL_PLANE_RETRY_BACKOFF: '100ms', ...spec.env },
      role: 'data-plane',
    });
  }

  /** A short path: with the name of Envoy's admin socket it must stay below a hundred bytes. */
  private socketDir(): string {
    return join(this.options.workDir, 'dp', String(this.group.processes.length));
  }

  /** Starts the demo application. */
  launchEcho(spec: { name: string; zone: string; address: string; port: number; version?: string }): ManagedProcess {
    return this.group.start({
      name: `${spec.zone}.${spec.name}.app`,
      command: join(this.options.appBinDir ?? this.options.binDir, 'kuma-tcp-echo'),
      args: [
        `--name=${spec.name}`,
        `--zone=${spec.zone}`,
        `--address=${spec.address}`,
        `--port=${spec.port}`,
        `--app-version=${spec.version ?? 'v1'}`,
      ],
      env: this.baseEnv(),
      role: 'application',
    });
  }

  /** Polls with this deployment's patience; fails at once when one of its processes ends by itself. */
  until<T>(what: string, check: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
    const { signal } = this.options;
    return until(
      { what, deadlineMs: READY_DEADLINE_MS, signal: signal ? AbortSignal.any([signal, this.group.signal]) : this.group.signal },
      check,
    );
  }

  stop(): Promise<void> {
    return this.group.stopAll();
  }

  private async token(spec: DataplaneSpec): Promise<string> {
    const { zone, document, proxyType = 'dataplane' } = spec;
    if (proxyType === 'dataplane')
      return zone.api.post('/tokens/dataplane', { name: document.name, mesh: document['mesh'] ?? 'default', validFor: '24h' });
    // A federated zone has the public key only; its zone tokens are signed at the global.
    return (zone.global ?? zone).api.post('/tokens/zone', { zone: zone.name, scope: [proxyType], validFor: '24h' });
  }

  private baseEnv(): Record<string, string> {
    return { ...inheritedEnv(), HOME: this.options.workDir, ...this.options.env };
  }
}

/** Free ports of this machine for one control plane; preferred ones where they are free. */
export async function chooseControlPlanePorts(preferred: Partial<ControlPlanePorts> = {}): Promise<ControlPlanePorts> {
  return {
    api: await choosePort(preferred.api ?? 0),
    apiHttps: await choosePort(preferred.apiHttps ?? 0),
    internal: await choosePort(preferred.internal ?? 0),
    kds: await choosePort(preferred.kds ?? 0),
    dp: await choosePort(preferred.dp ?? 0),
    zoneProxyXds: await choosePort(preferred.zoneProxyXds ?? 0),
    dns: await choosePort(preferred.dns ?? 0),
    interCp: await choosePort(preferred.interCp ?? 0),
  };
}

function controlPlaneEnv({
  spec,
  mode,
  ports,
  workDir,
}: {
  spec: ControlPlaneSpec;
  mode: string;
  ports: ControlPlanePorts;
  workDir: string;
}): Record<string, string> {
  return {
    KUMA_MODE: mode,
    KUMA_GENERAL_WORK_DIR: workDir,
    ...listenerEnv(ports),
    ...(mode === 'zone' ? { KUMA_MULTIZONE_ZONE_NAME: spec.name } : {}),
    ...(spec.global
      ? {
          KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: `grpcs://127.0.0.1:${spec.global.ports.kds}`,
          KUMA_MULTIZONE_ZONE_KDS_ROOT_CA_FILE: join(spec.global.workDir, 'kuma-cp.crt'),
        }
      : {}),
    ...storeEnv(spec.store),
  };
}

/** Variables that move every listener of a control plane to loopback and these ports. */
export function listenerEnv(ports: ControlPlanePorts): Record<string, string> {
  return {
    KUMA_API_SERVER_HTTP_INTERFACE: '127.0.0.1',
    KUMA_API_SERVER_HTTPS_INTERFACE: '127.0.0.1',
    KUMA_API_SERVER_HTTP_PORT: String(ports.api),
    KUMA_API_SERVER_HTTPS_PORT: String(ports.apiHttps),
    KUMA_INTERNAL_PORT: String(ports.internal),
    KUMA_INTERNAL_CONTROL_PLANE_ADDRESS: `127.0.0.1:${ports.internal}`,
    KUMA_MULTIZONE_GLOBAL_KDS_GRPC_PORT: String(ports.kds),
    KUMA_DP_SERVER_PORT: String(ports.dp),
    KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: '0',
    KUMA_INGRESS_MANAGER_XDS_PORT: String(ports.zoneProxyXds),
    KUMA_DNS_SERVER_ADDRESS: '127.0.0.1',
    KUMA_DNS_SERVER_PORT: String(ports.dns),
  };
}

/** What only Kuma's own control plane has to be told; ours would warn of the settings that have no effect. */
function kumaListenerEnv(ports: ControlPlanePorts): Record<string, string> {
  return {
    KUMA_MONITORING_ASSIGNMENT_SERVER_ENABLED: 'false',
    KUMA_INTER_CP_SERVER_PORT: String(ports.interCp),
    KUMA_INTER_CP_CATALOG_INSTANCE_ADDRESS: '127.0.0.1',
  };
}

function storeEnv(store: StoreChoice): Record<string, string> {
  if (store.type === 'memory') return { KUMA_STORE_TYPE: 'memory' };
  return {
    KUMA_STORE_TYPE: 'postgres',
    KUMA_STORE_POSTGRES_HOST: store.host,
    KUMA_STORE_POSTGRES_PORT: String(store.port),
    KUMA_STORE_POSTGRES_USER: store.user,
    KUMA_STORE_POSTGRES_PASSWORD: store.password,
    KUMA_STORE_POSTGRES_DB_NAME: store.database,
    KUMA_STORE_POSTGRES_AUTO_MIGRATE: 'true',
  };
}

/** The PEM of a control plane's server certificate, once it exists. */
export function serverCertificate(controlPlane: ControlPlaneHandle): string {
  return readFileSync(join(controlPlane.workDir, 'kuma-cp.crt'), 'utf8');
}
