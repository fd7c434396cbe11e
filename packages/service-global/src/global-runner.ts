import { readFile } from 'node:fs/promises';
import {
  CredentialWatch,
  closeAbandonedSubscriptions,
  createDefaults,
  defaultsCreated,
  forgetExpiredRevocations,
  leadControlPlane,
  type OpenedControlPlane,
  openControlPlane,
  resyncInsights,
  SyncStatuses,
  serveInternally,
  stateMetrics,
  ZoneSubscriptions,
} from '@mesh/control-plane';
import {
  type ControlPlane,
  displayNameOf,
  LABEL_ZONE,
  type Logger,
  MeshError,
  type ProxyAdminRequest,
  type ResourceStore,
  systemClock,
} from '@mesh/core';
import { KdsServer, type KdsServerTls } from '@mesh/grpc';
import { type ControlPlaneRunner, type KumaConfig, type ServiceOptions, tlsBounds } from '@mesh/runtime';
import { AdminRouting } from './admin-routing.js';
import { GlobalSessions } from './global-sessions.js';
import { KdsMetrics } from './kds-metrics.js';
import { ZoneClaims } from './zone-claims.js';
import { ZoneCredentials } from './zone-credentials.js';
import { ZoneLife } from './zone-life.js';
import { ZonesConvergence } from './zones-convergence.js';

/** A start that takes longer has failed: the store refuses writes, or no instance leads. */
const DEFAULTS_WITHIN_MS = 60_000;

/** Parts that are given instead of made from the configuration. */
export interface GlobalOverrides {
  readonly store?: ResourceStore;
  /** How often each KDS stream shows that it lives; absent: every few seconds. */
  readonly beatIntervalMs?: number;
}

/** The global control plane: state, KDS for its zones, and the leader's work. */
export class GlobalRunner implements ControlPlaneRunner {
  readonly name = 'global-cp';
  private readonly log: Logger;
  private state: OpenedControlPlane | undefined;
  private admin: AdminRouting | undefined;
  private port = 0;
  private readonly zones = new ZonesConvergence();
  private endLeading: () => Promise<void> = async () => {};
  private readonly stops: (() => Promise<void> | void)[] = [];

  constructor(
    private readonly options: ServiceOptions,
    private readonly overrides: GlobalOverrides = {},
  ) {
    this.log = options.log.child({ service: this.name });
  }

  get controlPlane(): ControlPlane {
    return this.opened.controlPlane;
  }

  /** Store, view and registry, once started. */
  get opened(): OpenedControlPlane {
    if (!this.state) throw new MeshError('unavailable', { public: 'the global control plane has not started' });
    return this.state;
  }

  /** Port of the KDS server, once started. */
  get kdsPort(): number {
    return this.port;
  }

  async start(): Promise<void> {
    try {
      await this.open();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  handOver(): Promise<void> {
    return this.endLeading();
  }

  async stop(): Promise<void> {
    for (const stop of this.stops.splice(0).reverse()) await stop();
  }

  private async open(): Promise<void> {
    const { config, health } = this.options;
    const opened = await openControlPlane({
      config,
      log: this.log,
      metrics: this.options.metrics,
      ...this.overrides,
      proxyAdmin: (request) => this.proxyAdmin(request),
      convergence: (...watch) => this.zones.watch(this.opened, watch),
    });
    this.state = opened;
    this.zones.share(opened);
    this.stops.push(() => opened.close());
    const check = health.register('store', () => (opened.view.revision < 0 ? 'the state is not loaded yet' : undefined));
    this.stops.push(() => check.unregister());
    this.endLeading = this.lead(opened);
    this.stops.push(this.endLeading);
    await defaultsCreated(config, opened.view, AbortSignal.timeout(DEFAULTS_WITHIN_MS));
    await this.serveKds(opened);
    this.stops.push(await serveInternally({ config, controlPlane: opened.controlPlane, log: this.log }));
    // First of all: whoever leads next need not wait for the streams of this instance to end.
    this.stops.push(this.endLeading);
  }

  /** Zones are served once the state is complete: a Kuma zone deletes what a first answer leaves out. */
  private async serveKds(opened: OpenedControlPlane): Promise<void> {
    const { config, metrics } = this.options;
    const { kds } = config.multizone.global;
    const { store, view, registry, instance, bus } = opened;
    const subscriptions = new ZoneSubscriptions({
      store,
      clock: systemClock,
      limit: config.metrics.zone.subscriptionLimit,
      flushIntervalMs: kds.zoneInsightFlushInterval,
      log: this.log,
    });
    const zones = new ZoneLife({
      store,
      view,
      instance,
      subscriptions,
      clock: systemClock,
      healthCheck: { pollIntervalMs: kds.zoneHealthCheck.pollInterval, timeoutMs: kds.zoneHealthCheck.timeout },
      disconnect: (zone, reason) => server.disconnect(zone, reason),
      log: this.log,
    });
    const statuses = new SyncStatuses({
      subscriptions,
      metrics,
      flushIntervalMs: kds.zoneInsightFlushInterval,
      ...(this.overrides.beatIntervalMs ? { beatIntervalMs: this.overrides.beatIntervalMs } : {}),
      log: this.log,
    });
    const watch = new CredentialWatch({ view, clock: systemClock, log: this.log });
    const claims = new ZoneClaims({ view, clock: systemClock, instance, subscriptions, log: this.log });
    const renames = claims.watch();
    this.stops.push(() => renames.unsubscribe());
    const handler = new GlobalSessions({
      store,
      view,
      registry,
      instance,
      bus,
      subscriptions,
      statuses,
      zones,
      claims,
      credentials: new ZoneCredentials({ config, view, clock: systemClock, watch }),
      convergence: this.zones,
      metrics: new KdsMetrics(metrics),
      skipPrefixes: kds.labels.skipPrefixes,
      log: this.log,
    });
    const server = new KdsServer({
      host: '0.0.0.0',
      port: kds.grpcPort,
      ...(kds.tlsEnabled ? { tls: await readTls(kds) } : {}),
      messageBytesMax: kds.maxMsgSize,
      closeStale: kds.zoneHealthCheck.closeStaleConn,
      handler,
      log: this.log,
    });
    this.port = await server.start();
    this.admin = new AdminRouting({ server, bus, view });
    zones.start();
    watch.start();
    this.stops.push(() => watch.stop());
    this.stops.push(() => handler.settle());
    this.stops.push(() => server.stop());
    this.stops.push(() => zones.stop());
    this.stops.push(this.endStreamsOfDeletedZones(opened, server));
    this.log.info({ port: this.port, tls: kds.tlsEnabled, auth: kds.auth.type }, 'serving zones');
    if (kds.auth.type === 'optional' || kds.auth.type === 'none')
      this.log.info({}, 'open mode: a zone that shows no credential is who it says it is; multizone.global.kds.auth.type asks for one');
  }

  /** A zone that goes on sending after its Zone was deleted would write what nothing owns; reconnecting makes it known again. */
  private endStreamsOfDeletedZones({ view }: OpenedControlPlane, server: KdsServer): () => void {
    const subscription = view.subscribe((event) => {
      for (const { op, key } of event.changes) {
        if (op === 'delete' && key.kind === 'Zone') server.disconnect(key.name, 'the zone was deleted');
      }
    });
    return () => subscription.unsubscribe();
  }

  private lead(opened: OpenedControlPlane): () => Promise<void> {
    const { config } = this.options;
    const { store, view, registry } = opened;
    const { log } = this;
    const state = stateMetrics(this.options.metrics, opened);
    this.stops.push(() => state.stop());
    const leading = leadControlPlane({
      store,
      log,
      onLeading: state.leads,
      first: [{ name: 'defaults', run: (leadership) => createDefaults({ config, opened, leadership, log }) }],
      ongoing: [
        {
          name: 'insights',
          run: (leadership) =>
            resyncInsights({ store, view, registry, leadership, minIntervalMs: config.metrics.mesh.minResyncInterval, log }),
        },
        { name: 'revocations', run: (leadership) => forgetExpiredRevocations({ store, view, clock: systemClock, leadership, log }) },
        { name: 'subscriptions', run: (leadership) => closeAbandonedSubscriptions({ store, view, clock: systemClock, leadership, log }) },
      ],
    });
    return () => leading.stop();
  }

  /** Proxies live in zones: the zone of this one is asked, under the name it has there. */
  private async proxyAdmin(request: ProxyAdminRequest): Promise<Uint8Array> {
    const { kind, mesh, name, generated } = request;
    if (generated) throw new MeshError('bad_request', { public: 'configurations are made in zones: ask the zone control plane' });
    const proxy = this.opened.view.get({ kind, mesh, name });
    if (!proxy) throw new MeshError('not_found', { public: 'Not found' });
    const zone = proxy.meta.labels[LABEL_ZONE];
    if (!zone || !this.admin) throw new MeshError('unavailable', { public: `${kind} ${name} belongs to no connected zone` });
    return this.admin.ask(zone, { ...request, name: displayNameOf(proxy) });
  }
}

async function readTls(kds: KumaConfig['multizone']['global']['kds']): Promise<KdsServerTls> {
  const { tlsCertFile, tlsKeyFile, auth } = kds;
  const [cert, key, clientCa] = await Promise.all([
    readFile(tlsCertFile),
    readFile(tlsKeyFile),
    auth.clientCaFile === '' ? undefined : readFile(auth.clientCaFile),
  ]);
  return { cert, key, ...(clientCa ? { clientCa } : {}), ...tlsBounds(kds) };
}
