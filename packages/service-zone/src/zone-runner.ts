import {
  aborted,
  CONTROL_PLANE_AUTHOR,
  createDefaults,
  defaultsCreated,
  forgetExpiredRevocations,
  isFederated,
  type LeaderTask,
  leadControlPlane,
  type OpenedControlPlane,
  openControlPlane,
  resyncInsights,
  serveInternally,
  stateMetrics,
  ZoneSubscriptions,
  ZoneSyncRunner,
} from '@mesh/control-plane';
import {
  type DeliveryState,
  inlineParser,
  ProxyWrites,
  type ProxyXds,
  proxyAuthenticator,
  xdsMetrics,
  ZoneControlPlane,
} from '@mesh/control-plane/proxies';
import {
  type Clock,
  type ControlPlane,
  type Leadership,
  MeshError,
  type Mutation,
  messageOf,
  type ProxyAdminRequest,
  systemClock,
} from '@mesh/core';
import type { ControlPlaneRunner, ServiceOptions } from '@mesh/runtime';
import { askProxyAdmin } from './admin/proxy-admin.js';
import { type DataplaneServer, startDataplaneServer } from './dataplane-server.js';
import { HdsHandler } from './hds/hds-handler.js';
import { collectGarbage } from './leader/garbage.js';
import { keepVips } from './leader/vip-work.js';
import { AssignmentFeed } from './mads/assignment-feed.js';
import { type MadsServer, startMadsServer } from './mads/mads-server.js';
import { workerMetrics } from './workers/worker-metrics.js';
import { previewConfig } from './xds/preview.js';
import { type ZoneXdsOptions, zoneXds } from './xds/zone-xds.js';

/** A zone of its own is up once its default resources are there. */
const DEFAULTS_WITHIN_MS = 60_000;

/** Parts that run, with what they are made of. */
interface Running {
  readonly opened: OpenedControlPlane;
  readonly controlPlane: ZoneControlPlane;
  readonly xds: ProxyXds;
  readonly server: DataplaneServer;
  readonly mads: MadsServer | undefined;
}

/** The zone control plane: store, KDS client, data-plane server, leader work, internal interface. */
export class ZoneRunner implements ControlPlaneRunner {
  readonly name = 'zone-cp';
  private readonly clock: Clock = systemClock;
  private readonly stops: (() => Promise<void> | void)[] = [];
  private running: Running | undefined;
  private endLeading: () => Promise<void> = async () => {};

  constructor(private readonly options: ServiceOptions) {}

  /** Throws before `start`. */
  get controlPlane(): ControlPlane {
    return this.parts.controlPlane;
  }

  /** Port of the data-plane server; throws before `start`. */
  get dataplanePort(): number {
    return this.parts.server.port;
  }

  /** Port of monitoring assignments, undefined where they are off; throws before `start`. */
  get monitoringPort(): number | undefined {
    return this.parts.mads?.port;
  }

  /** Which revision each connected proxy was given and has accepted, by `keyString` of its resource. */
  get deliveries(): ReadonlyMap<string, DeliveryState> {
    return this.parts.xds.engine.deliveries();
  }

  async start(): Promise<void> {
    try {
      this.running = await this.startParts();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  handOver(): Promise<void> {
    return this.endLeading();
  }

  async stop(): Promise<void> {
    for (let stop = this.stops.pop(); stop; stop = this.stops.pop()) {
      await Promise.resolve(stop()).catch((error: unknown) =>
        this.options.log.warn({ error: messageOf(error) }, 'a part did not stop cleanly'),
      );
    }
    this.running = undefined;
  }

  private get parts(): Running {
    if (!this.running) throw new Error('the zone control plane is not started');
    return this.running;
  }

  private async startParts(): Promise<Running> {
    const { config, log, health } = this.options;
    const opened = await openControlPlane({ config, log, metrics: this.options.metrics, proxyAdmin: (request) => this.askProxy(request) });
    this.stops.push(() => opened.close());
    const writes = new ProxyWrites(opened);
    const controlPlane = new ZoneControlPlane(opened.controlPlane, writes);
    const authenticate = proxyAuthenticator({ config, view: opened.view, clock: this.clock });
    const xds = this.startXds(opened, { writer: writes, authenticate });
    const state = stateMetrics(this.options.metrics, opened);
    this.stops.push(() => state.stop());
    const leader = leadControlPlane({ store: opened.store, log, onLeading: state.leads, ...this.leaderTasks(opened) });
    this.endLeading = () => leader.stop();
    this.stops.push(this.endLeading);
    if (!isFederated(config)) await defaultsCreated(config, opened.view, AbortSignal.timeout(DEFAULTS_WITHIN_MS));
    this.stops.push(await serveInternally({ config, controlPlane, log }));
    const server = await startDataplaneServer({
      config,
      view: opened.view,
      log,
      instanceId: opened.instance.id,
      handler: xds.handler,
      hds: new HdsHandler({
        view: opened.view,
        writer: writes,
        authenticate,
        credentials: xds.credentials,
        config: config.dpServer.hds,
        log,
      }),
      parseInline: inlineParser(opened.registry),
      zoneProxyXds: () => opened.controlPlane.announcements.find('zone-proxy-xds'),
    });
    this.stops.push(() => server.close(), workerMetrics(this.options.metrics, server.workers));
    // Before the server waits for its streams to end.
    this.stops.push(() => xds.stop());
    const mads = await this.startMads(opened);
    const check = health.register('zone-cp', () => (this.running ? undefined : 'starting'));
    this.stops.push(() => check.unregister());
    // First of all: whoever leads next need not wait for the streams of this instance to end.
    this.stops.push(this.endLeading);
    return { opened, controlPlane, xds, server, mads };
  }

  /** Monitoring assignments for Prometheus, where they are wanted. */
  private async startMads({ view }: OpenedControlPlane): Promise<MadsServer | undefined> {
    const { config, log, metrics } = this.options;
    const { enabled, apiVersions, assignmentRefreshInterval: intervalMs } = config.monitoringAssignmentServer;
    if (!enabled || !apiVersions.includes('v1')) return undefined;
    const feed = new AssignmentFeed({ view, zone: config.multizone.zone.name, intervalMs });
    const server = await startMadsServer({ config, feed, metrics, log });
    this.stops.push(() => server.close());
    return server;
  }

  private startXds(opened: OpenedControlPlane, access: Pick<ZoneXdsOptions, 'writer' | 'authenticate'>): ProxyXds {
    const { config, log, metrics } = this.options;
    const { view, registry, instance } = opened;
    const xds = zoneXds({
      config,
      zone: config.multizone.zone.name,
      view,
      clock: this.clock,
      log,
      metrics: xdsMetrics(metrics),
      instanceId: instance.id,
      ...access,
      parseInline: inlineParser(registry),
    });
    xds.start();
    this.stops.push(() => xds.stop());
    const reporting = new AbortController();
    void opened.controlPlane.reportDeliveries(xds.deliveries, reporting.signal);
    this.stops.push(() => reporting.abort());
    return xds;
  }

  private leaderTasks(opened: OpenedControlPlane): { first: LeaderTask[]; ongoing: LeaderTask[] } {
    const { config, log } = this.options;
    const { view, store, instance } = opened;
    const write = async (mutations: readonly Mutation[], leadership: Leadership) =>
      (await store.transact(mutations, { author: CONTROL_PLANE_AUTHOR, fence: leadership.fence })).revision;
    const vips = { view, write, cidr: config.dnsServer.CIDR, log };
    const garbage = {
      view,
      write,
      clock: this.clock,
      log,
      instanceId: instance.id,
      dataplaneAgeMs: config.runtime.universal.dataplaneCleanupAge,
      zoneProxyAgeMs: config.runtime.universal.zoneResourceCleanupAge,
      idleTimeoutMs: config.metrics.dataplane.idleTimeout,
      peers: () => (opened.bus.connected ? new Set(opened.bus.peers().map((peer) => peer.instanceId)) : undefined),
      zoneProxiesServed: () => opened.controlPlane.announcements.find('zone-proxy-xds') !== undefined,
    };
    const ongoing: LeaderTask[] = [{ name: 'garbage', run: (leadership) => collectGarbage(garbage, leadership) }];
    if (config.dnsServer.serviceVipEnabled) ongoing.push({ name: 'vips', run: (leadership) => keepVips(vips, leadership) });
    if (isFederated(config)) ongoing.push(this.syncTask(opened));
    else ongoing.push(this.insightsTask(opened), this.revocationsTask(opened));
    return { first: [{ name: 'defaults', run: (leadership) => createDefaults({ config, opened, leadership, log }) }], ongoing };
  }

  private insightsTask({ store, view, registry }: OpenedControlPlane): LeaderTask {
    const { config, log } = this.options;
    const minIntervalMs = config.metrics.mesh.minResyncInterval;
    return { name: 'insights', run: (leadership) => resyncInsights({ store, view, registry, leadership, minIntervalMs, log }) };
  }

  /** Lists of revoked tokens are those of the global, where there is one. */
  private revocationsTask({ store, view }: OpenedControlPlane): LeaderTask {
    const { clock } = this;
    const { log } = this.options;
    return { name: 'revocations', run: (leadership) => forgetExpiredRevocations({ store, view, clock, leadership, log }) };
  }

  /** The zone's side of KDS: one instance at a time speaks for the zone. */
  private syncTask({ store, view, registry, instance, controlPlane: { deliveries } }: OpenedControlPlane): LeaderTask {
    const { config, log, metrics } = this.options;
    const { subscriptionLimit: limit } = config.metrics.zone;
    return {
      name: 'kds',
      run: async ({ signal, fence }) => {
        const flushIntervalMs = config.xdsServer.dataplaneStatusFlushInterval;
        const subscriptions = new ZoneSubscriptions({ store, clock: this.clock, limit, flushIntervalMs, log });
        const proxyAdmin = (request: ProxyAdminRequest) => this.askProxy(request);
        const state = { store, view, registry, instance, deliveries };
        const runner = new ZoneSyncRunner({ config, fence, ...state, metrics, log, subscriptions, proxyAdmin });
        await runner.start();
        await aborted(signal);
        await runner.stop();
      },
    };
  }

  private askProxy(request: ProxyAdminRequest): Promise<Uint8Array> {
    if (!this.running) return Promise.reject(new MeshError('unavailable', { public: 'the control plane is starting' }));
    const { opened, xds } = this.running;
    if (request.generated) return previewConfig({ ...request, ...request.generated }, { view: opened.view, xds });
    const defaultAdminPort = this.options.config.bootstrapServer.params.adminPort;
    return askProxyAdmin(request, { view: opened.view, defaultAdminPort, clientTls: () => xds.adminAuthority.clientTls() });
  }
}
