import {
  AddressBook,
  AdminAuthority,
  CertificateKeeper,
  hasHostName,
  hostNames,
  inlineParser,
  ProxyAdsHandler,
  type ProxyAuthenticator,
  type ProxyInsight,
  type ProxyNode,
  ProxyRegistration,
  type ProxyWriter,
  SnapshotEngine,
  type XdsMetrics,
} from '@mesh/control-plane/proxies';
import {
  type Clock,
  DescriptorRegistry,
  keyString,
  type Logger,
  type ResourceDraft,
  type ResourceView,
  type ViewChange,
  type ViewEvent,
} from '@mesh/core';
import { ENVOY_ADMIN_CA } from '@mesh/identity';
import { policyKinds } from '@mesh/policies';
import { coreKinds, type ZoneIngressInsightSpec } from '@mesh/resources';
import type { KumaConfig } from '@mesh/runtime';
import { computeAvailableServices, MeshContexts, orderPolicies } from '@mesh/xds';
import { ZoneProxySource } from './zone-proxies.js';

export interface IngressXdsOptions {
  readonly config: KumaConfig;
  readonly zone: string;
  readonly view: ResourceView;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: XdsMetrics;
  readonly instanceId: string;
  readonly writer: ProxyWriter;
  readonly authenticate: ProxyAuthenticator;
}

/** Counters of an insight are written at most so often; connects and disconnects at once. */
const INSIGHT_FLUSH_MS = 3000;

/** Everything that turns the view into configuration of zone ingresses and egresses. */
export class IngressXds {
  readonly handler: ProxyAdsHandler;
  readonly engine: SnapshotEngine;
  private readonly contexts: MeshContexts;
  private readonly addresses: AddressBook;
  private readonly registration: ProxyRegistration;
  private readonly adminCertificates: CertificateKeeper;
  private readonly certificates: CertificateKeeper;
  private readonly source: ZoneProxySource;
  private readonly insights = new Map<string, ProxyInsight>();
  private subscription: { unsubscribe(): void } | undefined;

  constructor(private readonly options: IngressXdsOptions) {
    const { config, view, clock, log, metrics, zone } = options;
    this.addresses = new AddressBook({ ttlMs: config.general.dnsCacheTTL, onChange: () => this.rebuildAll() });
    this.contexts = new MeshContexts({
      view,
      zone,
      policyKinds: policyKinds.map((policy) => policy.kind),
      vips: { port: config.dnsServer.serviceVipPort, domain: config.dnsServer.domain },
      resolved: () => this.addresses.resolved,
    });
    this.adminCertificates = this.keeper();
    this.certificates = this.keeper();
    this.source = new ZoneProxySource({
      view,
      clock,
      zone,
      contexts: this.contexts,
      plugins: orderPolicies(policyKinds),
      adminAuthority: new AdminAuthority(view),
      adminCertificates: this.adminCertificates,
      certificates: this.certificates,
    });
    this.engine = new SnapshotEngine({ build: this.source.build, revision: () => view.revision, log, onGenerated: metrics.generated });
    this.registration = this.newRegistration();
    this.handler = this.newHandler();
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
    this.adminCertificates.stop();
    this.certificates.stop();
  }

  private onEvent(event: ViewEvent): void {
    const { view } = this.options;
    const stale = this.contexts.invalidate(event);
    const adminCa = event.changes.some(({ key }) => key.kind === 'GlobalSecret' && key.name === ENVOY_ADMIN_CA);
    const own = new Set(event.changes.filter(isZoneProxy).map(({ key }) => keyString(key)));
    // A zone proxy serves all meshes.
    if (stale.size > 0 || adminCa) this.engine.invalidate(() => true);
    else if (event.changes.some(({ key }) => key.kind === 'Secret')) this.engine.invalidate((node) => node.kind === 'ZoneEgress');
    if (own.size > 0) this.engine.invalidate((node) => own.has(keyString(node.key)));
    if (event.changes.some(hasHostName)) this.addresses.want(hostNames(view));
    if (event.changes.some(({ key }) => key.kind === 'GlobalSecret' && key.name.includes('-token-'))) void this.handler.reauthenticate();
    for (const { key, after } of event.changes) {
      if (!after || !(key.kind === 'ZoneIngressInsight' || key.kind === 'ZoneEgressInsight')) continue;
      this.insights.get(keyString({ ...key, kind: key.kind.replace('Insight', '') }))?.reassert(after.spec as ZoneIngressInsightSpec);
    }
  }

  private rebuildAll(): void {
    this.contexts.invalidateAll();
    this.engine.invalidate(() => true);
  }

  private newRegistration(): ProxyRegistration {
    const { config, view, writer, log, instanceId } = this.options;
    return new ProxyRegistration({ view, writer, log, instanceId, deregistrationDelayMs: config.xdsServer.dataplaneDeregistrationDelay });
  }

  private newHandler(): ProxyAdsHandler {
    const { config, view, writer, clock, log, instanceId, authenticate } = this.options;
    return new ProxyAdsHandler({
      kinds: new Set(['ZoneIngress', 'ZoneEgress']),
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
      authenticate,
      parseInline: this.inlineWithServices(),
      listener: { connected: (node, insight) => this.connected(node, insight), disconnected: (node) => this.disconnected(node) },
      log,
    });
  }

  /** An ingress that registers again must not take its services away from other zones for a moment. */
  private inlineWithServices(): (json: string) => ResourceDraft {
    const parse = inlineParser(new DescriptorRegistry([...coreKinds, ...policyKinds]));
    return (json) => {
      const draft = parse(json);
      if (draft.kind !== 'ZoneIngress') return draft;
      const availableServices = computeAvailableServices(this.options.view, this.options.zone);
      return { ...draft, spec: { ...(draft.spec as object), ...(availableServices.length > 0 ? { availableServices } : {}) } };
    };
  }

  private connected(node: ProxyNode, insight: ProxyInsight): void {
    this.insights.set(keyString(node.key), insight);
    this.options.metrics.connected();
  }

  private disconnected(node: ProxyNode): void {
    this.insights.delete(keyString(node.key));
    this.adminCertificates.forget(node.key);
    this.source.forget(node);
    this.options.metrics.disconnected();
  }

  private keeper(): CertificateKeeper {
    const { clock, log, config, metrics } = this.options;
    return new CertificateKeeper({
      clock,
      log,
      // The certificate of an egress is of a mesh, the egress itself of none.
      onIssued: ({ kind, name }) => this.engine.invalidate(({ key }) => key.kind === kind && key.name === name),
      onFailed: () => metrics.certificateFailed(),
      backoff: { baseMs: config.general.certGenerationBaseBackoff, maxMs: config.general.certGenerationMaxBackoff },
    });
  }
}

function isZoneProxy({ key }: ViewChange): boolean {
  return key.kind === 'ZoneIngress' || key.kind === 'ZoneEgress';
}
