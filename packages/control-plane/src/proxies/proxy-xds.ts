import { type Clock, keyString, type Logger, type ResourceDraft, type ResourceKey, type ResourceView, type ViewEvent } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';
import { ENVOY_ADMIN_CA } from '@mesh/identity';
import { policyKinds } from '@mesh/policies';
import type { DataplaneInsightSpec } from '@mesh/resources';
import { enabledKinds, type KumaConfig } from '@mesh/runtime';
import { type AnyPolicyDescriptor, type Concern, type MeshContext, MeshContexts, orderPolicies, removesEndpoint } from '@mesh/xds';
import { CredentialWatch } from '../credentials/credential-watch.js';
import { AddressBook } from './addresses.js';
import { AdminAuthority } from './admin-authority.js';
import { ProxyAdsHandler, type ProxyAuthenticator } from './ads-handler.js';
import { AssertMode } from './assert-mode.js';
import { CertificateKeeper, type ProxyCertificate } from './certificate-keeper.js';
import { ProxyDeliveries } from './delivery-source.js';
import { DeliveryTraces } from './delivery-traces.js';
import { SnapshotEngine } from './engine.js';
import { hasHostName, hostNames } from './host-names.js';
import type { ProxyInsight } from './insights.js';
import type { LookUrgency } from './look-pacer.js';
import type { XdsMetrics } from './metrics.js';
import type { ProxyKind, ProxyNode } from './node.js';
import { ProxyRegistration } from './registration.js';
import { RevisionTimes } from './revision-times.js';
import type { ProxyWriter } from './writer.js';

/** What a process that serves xDS has. */
export interface ProxyXdsOptions {
  readonly config: KumaConfig;
  /** Name of the zone. */
  readonly zone: string;
  readonly view: ResourceView;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: XdsMetrics;
  readonly instanceId: string;
  readonly writer: ProxyWriter;
  readonly authenticate: ProxyAuthenticator;
}

/** What snapshots are made from. */
export interface SnapshotParts {
  readonly view: ResourceView;
  readonly zone: string;
  readonly clock: Clock;
  readonly contexts: MeshContexts;
  /** In order of application. */
  readonly plugins: readonly AnyPolicyDescriptor[];
  /** Certificates of meshes. */
  readonly certificates: CertificateKeeper;
  readonly adminAuthority: AdminAuthority;
}

/** Makes the snapshots of some kinds of proxies. */
export interface SnapshotSource {
  /** The snapshot of a proxy; undefined where it has to wait. Throws where it cannot be built. */
  readonly build: (node: ProxyNode) => Snapshot | undefined;
  /** Takes in what happened, and the meshes whose context it made stale; tells whether proxies may be concerned. */
  changed(event: ViewEvent, meshes: ReadonlySet<string>): boolean;
  /** The proxies of those connected whose newest snapshot might come out differently for what happened since the last call. */
  concerned(connected: () => Iterable<ProxyNode>): ReadonlyMap<ProxyNode, Concern>;
  /** Told when a proxy left. */
  forget(node: ProxyNode): void;
}

/** How the proxies of one service differ from those of others. */
export interface ServedProxies {
  readonly kinds: ReadonlySet<ProxyKind>;
  /** Parses and validates an inline resource; throws MeshError. */
  readonly parseInline: (json: string) => ResourceDraft;
  readonly source: (parts: SnapshotParts) => SnapshotSource;
  readonly onContextBuilt?: (context: MeshContext) => void;
  /** Told of each certificate of a mesh that a proxy is given, new or kept from an earlier stream; the insight is that of a proxy connected here. */
  readonly onCertificate?: (key: ResourceKey, issued: { certificate: ProxyCertificate; insight: ProxyInsight | undefined }) => void;
}

/** Everything that turns the view into configuration of the proxies that are connected here. */
export class ProxyXds {
  readonly handler: ProxyAdsHandler;
  readonly engine: SnapshotEngine;
  /** What the proxies have, for those who wait for it. */
  readonly deliveries: ProxyDeliveries;
  readonly adminAuthority: AdminAuthority;
  /** Watches the credentials of streams; for other streams of the same proxies too. */
  readonly credentials: CredentialWatch;
  /** In order of application. */
  readonly plugins: readonly AnyPolicyDescriptor[];
  private readonly contexts: MeshContexts;
  private readonly addresses: AddressBook;
  private readonly registration: ProxyRegistration;
  private readonly certificates: CertificateKeeper;
  private readonly source: SnapshotSource;
  private readonly insights = new Map<string, ProxyInsight>();
  private readonly times: RevisionTimes;
  private readonly traces: DeliveryTraces;
  private readonly assertMode: AssertMode | undefined;
  private subscription: { unsubscribe(): void } | undefined;

  constructor(
    private readonly options: ProxyXdsOptions,
    private readonly served: ServedProxies,
  ) {
    const { config, view, clock, log, metrics } = options;
    const policies = enabledKinds(config, policyKinds);
    this.addresses = new AddressBook({ ttlMs: config.general.dnsCacheTTL, onChange: () => this.rebuildAll() });
    this.plugins = orderPolicies(policies);
    this.contexts = this.contextsOf(view, served.onContextBuilt);
    this.adminAuthority = new AdminAuthority(view);
    this.certificates = this.keeper((key, certificate) =>
      served.onCertificate?.(key, { certificate, insight: this.insights.get(keyString(key)) }),
    );
    this.source = this.newSource(this.contexts);
    this.engine = new SnapshotEngine({
      build: this.source.build,
      concerned: (connected) => this.source.concerned(connected),
      revision: () => view.revision,
      log,
      onGenerated: metrics.generated,
    });
    if (config.xdsServer.assertIncremental) this.assertMode = this.newAssertMode();
    this.deliveries = new ProxyDeliveries({ engine: this.engine, view, instanceId: options.instanceId });
    this.credentials = new CredentialWatch({ view, clock, log });
    this.registration = this.newRegistration();
    this.times = new RevisionTimes(view.revision);
    this.traces = new DeliveryTraces({ view, engine: this.engine });
    this.handler = this.newHandler();
  }

  start(): void {
    const { view } = this.options;
    // Traces note a change before it can be known whom it concerns.
    this.traces.start();
    this.subscription = view.subscribe((event) => this.onEvent(event));
    this.credentials.start();
    this.addresses.want(hostNames(view));
  }

  /** Ends all streams first, so that the insights say so. */
  async stop(): Promise<void> {
    await this.handler.stop();
    this.subscription?.unsubscribe();
    this.assertMode?.stop();
    this.traces.stop();
    this.credentials.stop();
    this.addresses.stop();
    this.registration.stop();
    this.engine.stop();
    this.certificates.stop();
  }

  /** Contexts of meshes over any view, made as those that proxies get. */
  contextsOf(view: ResourceView, onBuilt?: (context: MeshContext) => void): MeshContexts {
    const { config, zone } = this.options;
    return new MeshContexts({
      view,
      zone,
      policyKinds: this.plugins.map((policy) => policy.kind),
      vips: { port: config.dnsServer.serviceVipPort, domain: config.dnsServer.domain },
      resolved: () => this.addresses.resolved,
      ...(onBuilt ? { onBuilt } : {}),
    });
  }

  private onEvent(event: ViewEvent): void {
    this.times.note(event.revision);
    const urgency = this.urgencyOf(event);
    const meshes = this.contexts.invalidate(event);
    const isConcerning = this.source.changed(event, meshes);
    this.engine.changed(isConcerning ? urgency : 'none');
    if (event.changes.some(({ key }) => key.kind === 'GlobalSecret' && key.name === ENVOY_ADMIN_CA)) this.engine.invalidate(() => true);
    if (event.changes.some(hasHostName)) this.addresses.want(hostNames(this.options.view));
    for (const { key, after } of event.changes) {
      if (!after || !key.kind.endsWith('Insight')) continue;
      const insight = this.insights.get(keyString({ ...key, kind: key.kind.slice(0, -'Insight'.length) }));
      insight?.reassert(after.spec as DataplaneInsightSpec);
    }
  }

  private urgencyOf(event: ViewEvent): LookUrgency {
    if (event.changes.some(removesEndpoint)) return 'now';
    // A proxy that is on its way in does not listen yet: nobody can call it before it has its configuration.
    return event.changes.every(({ key, before }) => !before && this.registration.isUnderWay(key)) ? 'later' : 'soon';
  }

  private rebuildAll(): void {
    this.contexts.invalidateAll();
    this.engine.invalidate(() => true);
  }

  private newSource(contexts: MeshContexts): SnapshotSource {
    const { view, zone, clock } = this.options;
    const { plugins, certificates, adminAuthority } = this;
    return this.served.source({ view, zone, clock, contexts, plugins, certificates, adminAuthority });
  }

  private newAssertMode(): AssertMode {
    const { view, log, metrics } = this.options;
    return new AssertMode({
      engine: this.engine,
      fromScratch: () => this.newSource(this.contextsOf(view)).build,
      log,
      onCompared: metrics.compared,
    });
  }

  private newRegistration(): ProxyRegistration {
    const { config, view, writer, log, instanceId } = this.options;
    return new ProxyRegistration({ view, writer, log, instanceId, deregistrationDelayMs: config.xdsServer.dataplaneDeregistrationDelay });
  }

  private newHandler(): ProxyAdsHandler {
    const { config, view, writer, clock, log, instanceId, authenticate } = this.options;
    const handler = new ProxyAdsHandler({
      kinds: this.served.kinds,
      view,
      engine: this.engine,
      registration: this.registration,
      insights: {
        view,
        writer,
        clock,
        log,
        instanceId,
        flushIntervalMs: config.xdsServer.dataplaneStatusFlushInterval,
        subscriptionLimit: config.metrics.dataplane.subscriptionLimit,
      },
      authenticate,
      credentials: this.credentials,
      parseInline: this.served.parseInline,
      prepare: (proxy) => this.adminAuthority.prepare(proxy),
      listener: { connected: (node, insight) => this.connected(node, insight), disconnected: (node) => this.disconnected(node) },
      metrics: { stream: this.options.metrics.stream, times: this.times },
      log,
    });
    this.options.metrics.countWaiting(() => handler.waitingCount);
    return handler;
  }

  private connected(node: ProxyNode, insight: ProxyInsight): void {
    this.insights.set(keyString(node.key), insight);
    this.options.metrics.connected();
  }

  private disconnected(node: ProxyNode): void {
    this.insights.delete(keyString(node.key));
    this.source.forget(node);
    this.options.metrics.disconnected();
  }

  private keeper(record: (key: ResourceKey, certificate: ProxyCertificate) => void): CertificateKeeper {
    const { clock, log, config, metrics } = this.options;
    return new CertificateKeeper({
      clock,
      log,
      onIssued: (key, certificate) => {
        record(key, certificate);
        this.rebuildOwner(key);
      },
      onTakenBack: record,
      onFailed: (key) => {
        metrics.certificateFailed();
        // It may have waited for it.
        this.rebuildOwner(key);
      },
      backoff: { baseMs: config.general.certGenerationBaseBackoff, maxMs: config.general.certGenerationMaxBackoff },
    });
  }

  /** A certificate of an egress is of a mesh, the egress itself of none. */
  private rebuildOwner(key: ResourceKey): void {
    this.engine.invalidateOne(key.kind === 'ZoneEgress' ? { ...key, mesh: '' } : key);
  }
}
