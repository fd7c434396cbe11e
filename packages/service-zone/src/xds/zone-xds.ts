import {
  AddressBook,
  AdminAuthority,
  CertificateKeeper,
  hasHostName,
  hostNames,
  ProxyAdsHandler,
  type ProxyAuthenticator,
  type ProxyCertificate,
  type ProxyInsight,
  type ProxyNode,
  ProxyRegistration,
  type ProxyWriter,
  SnapshotEngine,
  timestamp,
  type XdsMetrics,
} from '@mesh/control-plane/proxies';
import {
  type Clock,
  keyString,
  type Logger,
  type ResourceDraft,
  type ResourceKey,
  type ResourceView,
  type ViewChange,
  type ViewEvent,
} from '@mesh/core';
import { ENVOY_ADMIN_CA } from '@mesh/identity';
import { policyKinds } from '@mesh/policies';
import type { DataplaneInsightSpec, MeshSpec } from '@mesh/resources';
import type { KumaConfig } from '@mesh/runtime';
import { MeshContexts, orderPolicies } from '@mesh/xds';
import { CrossZoneWarnings } from './cross-zone-warnings.js';
import { SidecarSource } from './sidecars.js';

export interface ZoneXdsOptions {
  readonly config: KumaConfig;
  readonly view: ResourceView;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: XdsMetrics;
  readonly instanceId: string;
  readonly writer: ProxyWriter;
  readonly authenticate: ProxyAuthenticator;
  readonly parseInline: (json: string) => ResourceDraft;
}

/** Counters of an insight are written at most so often; connects and disconnects at once. */
const INSIGHT_FLUSH_MS = 3000;

/** Everything that turns the view into configuration of sidecars. */
export class ZoneXds {
  readonly handler: ProxyAdsHandler;
  readonly engine: SnapshotEngine;
  readonly adminAuthority: AdminAuthority;
  private readonly contexts: MeshContexts;
  private readonly certificates: CertificateKeeper;
  private readonly adminCertificates: CertificateKeeper;
  private readonly addresses: AddressBook;
  private readonly registration: ProxyRegistration;
  private readonly insights = new Map<string, ProxyInsight>();
  private subscription: { unsubscribe(): void } | undefined;

  constructor(private readonly options: ZoneXdsOptions) {
    const { config, view, clock, log, metrics, writer, instanceId } = options;
    this.addresses = new AddressBook({ ttlMs: config.general.dnsCacheTTL, onChange: () => this.rebuildAll() });
    this.contexts = new MeshContexts({
      view,
      zone: config.multizone.zone.name,
      policyKinds: policyKinds.map((policy) => policy.kind),
      vips: { port: config.dnsServer.serviceVipPort, domain: config.dnsServer.domain },
      resolved: () => this.addresses.resolved,
      onBuilt: new CrossZoneWarnings(log).observe,
    });
    this.adminAuthority = new AdminAuthority(view);
    this.certificates = this.keeper((key, certificate) => this.recordCertificate(key, certificate));
    this.adminCertificates = this.keeper(() => {});
    const source = new SidecarSource({
      view,
      clock,
      contexts: this.contexts,
      plugins: orderPolicies(policyKinds),
      certificates: this.certificates,
      adminAuthority: this.adminAuthority,
      adminCertificates: this.adminCertificates,
    });
    this.engine = new SnapshotEngine({ build: source.build, revision: () => view.revision, log, onGenerated: metrics.generated });
    this.registration = new ProxyRegistration({
      view,
      writer,
      log,
      instanceId,
      deregistrationDelayMs: config.xdsServer.dataplaneDeregistrationDelay,
    });
    this.handler = new ProxyAdsHandler({
      kinds: new Set(['Dataplane']),
      view,
      engine: this.engine,
      registration: this.registration,
      insights: {
        view,
        writer,
        clock,
        log,
        instanceId,
        flushIntervalMs: Math.min(INSIGHT_FLUSH_MS, config.xdsServer.dataplaneStatusFlushInterval),
        subscriptionLimit: config.metrics.dataplane.subscriptionLimit,
      },
      authenticate: options.authenticate,
      parseInline: options.parseInline,
      listener: {
        connected: (node, insight) => this.connected(node, insight),
        disconnected: (node) => this.disconnected(node),
      },
      log,
    });
  }

  start(): void {
    const { view } = this.options;
    this.subscription = view.subscribe((event) => this.onEvent(event));
    this.addresses.want(hostNames(view));
  }

  /** Ends all streams first, so that the insights say so. */
  async stop(): Promise<void> {
    await this.handler.stop();
    this.subscription?.unsubscribe();
    this.addresses.stop();
    this.registration.stop();
    this.engine.stop();
    this.certificates.stop();
    this.adminCertificates.stop();
  }

  private onEvent(event: ViewEvent): void {
    const { view } = this.options;
    const stale = new Set([...this.contexts.invalidate(event), ...meshesOfSecrets(event)]);
    const adminCa = event.changes.some(({ key }) => key.kind === 'GlobalSecret' && key.name === ENVOY_ADMIN_CA);
    if (stale.size > 0 || adminCa) this.engine.invalidate((node) => adminCa || stale.has(node.key.mesh));
    if (event.changes.some(hasHostName)) this.addresses.want(hostNames(view));
    if (event.changes.some(concernsTokens)) void this.handler.reauthenticate();
    for (const { key, after } of event.changes) {
      if (key.kind !== 'DataplaneInsight' || !after) continue;
      this.insights.get(keyString({ ...key, kind: 'Dataplane' }))?.reassert(after.spec as DataplaneInsightSpec);
    }
  }

  private rebuildAll(): void {
    this.contexts.invalidateAll();
    this.engine.invalidate(() => true);
  }

  private connected(node: ProxyNode, insight: ProxyInsight): void {
    this.insights.set(keyString(node.key), insight);
    this.options.metrics.connected();
  }

  private disconnected(node: ProxyNode): void {
    this.insights.delete(keyString(node.key));
    this.certificates.forget(node.key);
    this.adminCertificates.forget(node.key);
    this.options.metrics.disconnected();
  }

  private keeper(onIssued: (key: ResourceKey, certificate: ProxyCertificate) => void): CertificateKeeper {
    const { clock, log, config, metrics } = this.options;
    return new CertificateKeeper({
      clock,
      log,
      onIssued: (key, certificate) => {
        onIssued(key, certificate);
        this.engine.invalidate((node) => keyString(node.key) === keyString(key));
      },
      onFailed: () => metrics.certificateFailed(),
      backoff: { baseMs: config.general.certGenerationBaseBackoff, maxMs: config.general.certGenerationMaxBackoff },
    });
  }

  private recordCertificate(key: ResourceKey, certificate: ProxyCertificate): void {
    const mtls = this.options.view.find<MeshSpec>('Mesh', '', key.mesh)?.spec.mtls;
    this.insights.get(keyString(key))?.certificateIssued({
      certificateExpirationTime: timestamp(certificate.expiresAtMs),
      lastCertificateRegeneration: timestamp(this.options.clock.now()),
      issuedBackend: mtls?.enabledBackend ?? '',
      supportedBackends: (mtls?.backends ?? []).map((backend) => backend.name ?? ''),
    });
  }
}

/** Meshes whose CA may be another one. */
function meshesOfSecrets(event: ViewEvent): string[] {
  return event.changes.flatMap(({ key }) => (key.kind === 'Secret' ? key.mesh : []));
}

/** Signing keys and revocations: whoever was let in by them has to show again that he may. */
function concernsTokens({ key }: ViewChange): boolean {
  return (key.kind === 'GlobalSecret' || key.kind === 'Secret') && key.name.includes('-token-');
}
