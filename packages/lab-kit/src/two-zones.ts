import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@mesh/store-postgres';
import { type ControlPlaneHandle, type ControlPlanePorts, type ControlPlaneSpec, Deployment, type StoreChoice } from './deployment.js';
import type { ManagedProcess } from './managed-process.js';
import { choosePort, mayBind } from './ports.js';
import { type ProbeTarget, probe } from './probe.js';

export interface TwoZonesOptions {
  readonly binDir: string;
  readonly appBinDir?: string;
  readonly workDir: string;
  readonly envoyPath: string;
  /** Second octet of the loopback addresses used (1-250): two systems on one machine take different ones. */
  readonly addressBlock: number;
  /** `postgres`: one embedded server with a database per control plane; or where each control plane keeps its state. */
  readonly store: 'postgres' | 'memory' | Readonly<Record<'global' | 'zone1' | 'zone2', StoreChoice>>;
  readonly layout: 'services' | 'single';
  /** Told when a step begins; the returned function when it is done. */
  readonly onStep?: (what: string) => () => void;
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the start with its reason. */
  readonly signal?: AbortSignal;
  /** More outbounds of `web`, at its own address. */
  readonly webOutbounds?: readonly Outbound[];
  /** Outbounds of `billing`, at its own address: a client in zone-2. */
  readonly billingOutbounds?: readonly Outbound[];
  /** Given the KDS port of the global, returns what a zone shall dial instead, as `host:port`. */
  readonly relayKds?: (port: number, zone: 1 | 2) => Promise<string>;
  /** Starts a control plane; default: one instance of each service. */
  readonly launch?: (deployment: Deployment, spec: ControlPlaneSpec) => Promise<ControlPlaneHandle>;
  /** Added to the environment of a control plane's processes. */
  readonly envOf?: (controlPlane: 'global' | 'zone1' | 'zone2') => Readonly<Record<string, string>>;
  /** False: no listeners on virtual IPs, also where the system could. */
  readonly bindVips?: boolean;
  /** Preferred ports of global, zone-1, zone-2. */
  readonly ports?: readonly [Partial<ControlPlanePorts>, Partial<ControlPlanePorts>, Partial<ControlPlanePorts>];
}

/** A service that a sidecar reaches through a port of its own. */
export interface Outbound {
  readonly service: string;
  readonly port: number;
}

/** One application with its sidecar. */
export interface ServiceInstance {
  readonly name: string;
  readonly service: string;
  readonly zone: string;
  readonly address: string;
  readonly inboundPort: number;
  readonly appPort: number;
}

/**
 * The lab: global, zone-1 with `web` and `backend`, zone-2 with `backend` and `billing`, an ingress
 * per zone, mesh `default` with mTLS and everything allowed.
 */
export interface TwoZones {
  readonly deployment: Deployment;
  readonly global: ControlPlaneHandle;
  readonly zone1: ControlPlaneHandle;
  readonly zone2: ControlPlaneHandle;
  readonly instances: Readonly<Record<'web' | 'backend1' | 'backend2' | 'billing', ServiceInstance>>;
  /** `backend` as `web` reaches it through its outbound port. */
  readonly backendFromWeb: ProbeTarget;
  /** The first ingress of zone-2. */
  readonly ingress2: StartedIngress;
  readonly vipPort: number;
  /** Virtual IPs are bound here: Linux only, other systems have no loopback range. */
  readonly bindsVips: boolean;
  readonly postgres: EmbeddedPostgres | undefined;
  stop(): Promise<void>;
}

const INBOUND_PORT = 10_080;
const APP_PORT = 8080;
const OUTBOUND_PORT = 20_001;

/** Starts all of it and returns when every proxy is online and both zones know each other's ingress. */
export async function startTwoZones(options: TwoZonesOptions): Promise<TwoZones> {
  const step = options.onStep ?? (() => () => {});
  const { binDir, appBinDir, workDir, envoyPath, env, signal } = options;
  const deployment = new Deployment({
    binDir,
    workDir,
    envoyPath,
    ...(appBinDir ? { appBinDir } : {}),
    ...(env ? { env } : {}),
    ...(signal ? { signal } : {}),
  });
  let postgres: EmbeddedPostgres | undefined;
  const stop = async () => {
    await deployment.stop();
    await postgres?.stop();
  };
  try {
    if (options.store === 'postgres') {
      const done = step('Postgres with a database for each control plane');
      postgres = await startEmbeddedPostgres({
        dataDir: join(options.workDir, 'postgres'),
        temporary: true,
        port: await choosePort(0),
        databases: ['global', 'zone1', 'zone2'],
      });
      done();
    }
    const planes = await startControlPlanes({ options, deployment, postgres, step });
    const data = await startDataPlanes({ options, deployment, planes, step });
    return { deployment, postgres, stop, ...planes, ...data };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Context {
  readonly options: TwoZonesOptions;
  readonly deployment: Deployment;
  readonly step: (what: string) => () => void;
}

interface Planes {
  readonly global: ControlPlaneHandle;
  readonly zone1: ControlPlaneHandle;
  readonly zone2: ControlPlaneHandle;
  readonly vipPort: number;
  readonly bindsVips: boolean;
}

async function startControlPlanes({
  options,
  deployment,
  postgres,
  step,
}: Context & { postgres: EmbeddedPostgres | undefined }): Promise<Planes> {
  const bindsVips = process.platform === 'linux' && options.bindVips !== false;
  const vipPort = bindsVips && (await mayBind(80, zoneAddress(options, 1, 1))) ? 80 : 8080;
  const launched = step('global control plane');
  const launch = options.launch ?? ((on: Deployment, spec: ControlPlaneSpec) => on.launchControlPlane(spec));
  const global = await launch(deployment, {
    name: 'global',
    store: storeOf(options, postgres, 'global'),
    layout: options.layout,
    ports: options.ports?.[0] ?? {},
    env: options.envOf?.('global') ?? {},
  });
  await deployment.until('certificate of the global', () => existsSync(join(global.workDir, 'kuma-cp.crt')));
  const zone = async (index: 1 | 2) =>
    launch(deployment, {
      name: `zone-${index}`,
      store: storeOf(options, postgres, `zone${index}`),
      layout: options.layout,
      global,
      ports: options.ports?.[index] ?? {},
      env: {
        ...(options.relayKds ? { KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: `grpcs://${await options.relayKds(global.ports.kds, index)}` } : {}),
        ...options.envOf?.(`zone${index}`),
        KUMA_DNS_SERVER_SERVICE_VIP_PORT: String(vipPort),
        ...(bindsVips ? { KUMA_DNS_SERVER_CIDR: vipCidr(options, index) } : {}),
      },
    });
  const [zone1, zone2] = [await zone(1), await zone(2)];
  await deployment.waitForApi(global);
  launched();
  const joined = step('two zones join it');
  await Promise.all([
    deployment.waitForApi(zone1),
    deployment.waitForApi(zone2),
    deployment.waitForZone(global, 'zone-1'),
    deployment.waitForZone(global, 'zone-2'),
  ]);
  joined();
  return { global, zone1, zone2, vipPort, bindsVips };
}

type Data = Pick<TwoZones, 'instances' | 'backendFromWeb' | 'ingress2'>;

async function startDataPlanes({ options, deployment, planes, step }: Context & { planes: Planes }): Promise<Data> {
  const { global, zone1, zone2 } = planes;
  const meshed = step('mesh default: mTLS on, all traffic allowed');
  await global.api.put('/meshes/default', meshWithMtls());
  await global.api.put('/meshes/default/meshtrafficpermissions/allow-all', allowAll());
  await Promise.all([zone1, zone2].map((zone) => deployment.until(`mesh in ${zone.name}`, () => hasMesh(zone))));
  meshed();
  const started = step('ingresses, sidecars and applications, each with an Envoy of its own');
  const instances = {
    web: await instance(options, { name: 'web-1', service: 'web', zone: 1, host: 1 }),
    backend1: await instance(options, { name: 'backend-1', service: 'backend', zone: 1, host: 2 }),
    backend2: await instance(options, { name: 'backend-1', service: 'backend', zone: 2, host: 2 }),
    billing: await instance(options, { name: 'billing-1', service: 'billing', zone: 2, host: 3 }),
  };
  const outbound = { host: instances.web.address, port: await choosePort(OUTBOUND_PORT, instances.web.address) };
  const [, ingress2] = await Promise.all([
    startIngress({ options, deployment, zone: zone1, index: 1 }),
    startIngress({ options, deployment, zone: zone2, index: 2 }),
  ]);
  for (const item of Object.values(instances)) {
    const zone = item.zone === zone1.name ? zone1 : zone2;
    const isWeb = item === instances.web;
    const own = item === instances.billing ? options.billingOutbounds : isWeb ? options.webOutbounds : undefined;
    const more = (own ?? []).map((o) => ({ ...o, host: item.address }));
    deployment.launchEcho({ name: item.name, zone: item.zone, address: item.address, port: item.appPort });
    await deployment.launchDataplane({
      zone,
      document: dataplane(item, isWeb ? [{ service: 'backend', ...outbound }, ...more] : more),
      bindOutbounds: isWeb && planes.bindsVips,
    });
  }
  started();
  const online = step('every proxy online, as the global sees it');
  await deployment.until('4 dataplanes and 2 ingresses online at the global', async () => (await onlineCount(global)) === 6);
  // Connected is not configured yet: the first answer says that web has its listeners.
  await deployment.until('an answer to web -> backend', async () => (await probe(outbound)).status === 200);
  online();
  return { instances, ingress2, backendFromWeb: outbound };
}

/** Mesh `default` with a builtin CA. */
export function meshWithMtls(): object {
  return { type: 'Mesh', name: 'default', mtls: { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' }] } };
}

/** A permission for everybody: with mTLS on, nothing is allowed without one. */
export function allowAll(): object {
  return {
    type: 'MeshTrafficPermission',
    mesh: 'default',
    name: 'allow-all',
    spec: { targetRef: { kind: 'Mesh' }, from: [{ targetRef: { kind: 'Mesh' }, default: { action: 'Allow' } }] },
  };
}

/** The fields of a Dataplane that the lab writes. */
export interface DataplaneDocument {
  readonly type: string;
  readonly mesh: string;
  readonly name: string;
  readonly networking: { readonly address: string; readonly inbound: readonly object[]; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** Dataplane document of an instance, with outbounds where given. */
export function dataplane(
  item: ServiceInstance,
  outbounds: readonly { service: string; host: string; port: number }[] = [],
): DataplaneDocument {
  return {
    type: 'Dataplane',
    mesh: 'default',
    name: item.name,
    networking: {
      address: item.address,
      inbound: [
        { port: item.inboundPort, servicePort: item.appPort, tags: { 'kuma.io/service': item.service, 'kuma.io/protocol': 'http' } },
      ],
      ...(outbounds.length > 0
        ? { outbound: outbounds.map((o) => ({ address: o.host, port: o.port, tags: { 'kuma.io/service': o.service } })) }
        : {}),
      ...adminOf(item.address, item.inboundPort),
    },
  };
}

interface IngressSpec {
  readonly options: Pick<TwoZonesOptions, 'addressBlock'>;
  readonly deployment: Deployment;
  readonly zone: ControlPlaneHandle;
  readonly index: 1 | 2;
  /** `ingress-1`, `ingress-2` and so on, each at an address of its own. */
  readonly number?: number;
}

/** An ingress, and where others reach it. */
export interface StartedIngress {
  readonly address: string;
  readonly port: number;
  readonly process: ManagedProcess;
}

/** Starts an ingress of a zone at an address of its own, and says which one that is. */
export async function startIngress({ options, deployment, zone, index, number = 1 }: IngressSpec): Promise<StartedIngress> {
  const address = zoneAddress(options, index, 9 + number);
  const port = await choosePort(10_000, address);
  const networking = { address, port, advertisedAddress: address, advertisedPort: port, ...adminOf(address, port) };
  const document = { type: 'ZoneIngress', name: `ingress-${number}`, networking };
  return { address, port, process: await deployment.launchDataplane({ zone, proxyType: 'ingress', document }) };
}

/** Every system but Linux has one loopback address: proxies then need admin ports of their own. */
function adminOf(address: string, port: number): { admin?: { port: number } } {
  return address === '127.0.0.1' ? { admin: { port: port + 1 } } : {};
}

async function instance(
  options: TwoZonesOptions,
  spec: { name: string; service: string; zone: 1 | 2; host: number },
): Promise<ServiceInstance> {
  const address = zoneAddress(options, spec.zone, spec.host);
  const zone = `zone-${spec.zone}`;
  return {
    name: spec.name,
    service: spec.service,
    zone,
    address,
    inboundPort: await choosePort(INBOUND_PORT, address),
    appPort: await choosePort(APP_PORT, address),
  };
}

function zoneAddress(options: Pick<TwoZonesOptions, 'addressBlock'>, zone: number, host: number): string {
  return process.platform === 'linux' ? `127.${options.addressBlock}.${zone}.${host}` : '127.0.0.1';
}

function vipCidr(options: TwoZonesOptions, zone: 1 | 2): string {
  return `127.${options.addressBlock}.${zone === 1 ? 128 : 192}.0/18`;
}

function storeOf({ store }: TwoZonesOptions, postgres: EmbeddedPostgres | undefined, database: 'global' | 'zone1' | 'zone2'): StoreChoice {
  if (typeof store === 'object') return store[database];
  if (!postgres) return { type: 'memory' };
  return { type: 'postgres', host: postgres.host, port: postgres.port, user: postgres.user, password: postgres.password, database };
}

async function hasMesh(zone: ControlPlaneHandle): Promise<boolean> {
  const mesh = await zone.api.get<{ mtls?: object }>('/meshes/default');
  const permissions = await zone.api.get<{ total: number }>('/meshes/default/meshtrafficpermissions');
  return mesh?.mtls !== undefined && (permissions?.total ?? 0) > 0;
}

interface Overviews {
  readonly items: readonly { dataplaneInsight?: Insight; zoneIngressInsight?: Insight }[];
}

interface Insight {
  readonly subscriptions?: readonly { connectTime?: string; disconnectTime?: string }[];
}

async function onlineCount(global: ControlPlaneHandle): Promise<number> {
  const [dataplanes, ingresses] = await Promise.all([
    global.api.get<Overviews>('/dataplanes/_overview'),
    global.api.get<Overviews>('/zoneingresses/_overview'),
  ]);
  const insights = [
    ...(dataplanes?.items ?? []).map((i) => i.dataplaneInsight),
    ...(ingresses?.items ?? []).map((i) => i.zoneIngressInsight),
  ];
  return insights.filter((insight) => insight?.subscriptions?.some((s) => s.connectTime && !s.disconnectTime)).length;
}
