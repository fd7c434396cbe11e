import {
  type Announcement,
  type AuditQuery,
  type AuditRecord,
  type ControlPlane,
  type ControlPlaneInfo,
  type Convergence,
  type ConvergenceRequest,
  type DeleteRequest,
  type DeleteResult,
  type DeliverySource,
  type DescriptorRegistry,
  type InstanceBus,
  type ProxyAdminRequest,
  type PutRequest,
  type PutResult,
  type ResourceKey,
  type ResourceStore,
  type ResourceView,
  stateOfProxies,
  type TimedAuditEntry,
  type TokenRequest,
  tracing,
} from '@mesh/core';
import { type MeshHook, ResourceManager } from '@mesh/resources';
import { type KumaConfig, printConfig } from '@mesh/runtime';
import { Announcements } from './announcements.js';
import { type ConvergenceWatch, settleConvergence } from './convergence/settle.js';
import { ZoneDeliveries } from './convergence/zone-deliveries.js';
import { factsOf, infoOf } from './facts.js';
import type { Instance } from './instance.js';
import { WriteOrder } from './write-order.js';

/** Fetches the admin output of a proxy; `name` is the name in this control plane's store. */
export type ProxyAdminHandler = (request: ProxyAdminRequest) => Promise<Uint8Array>;

export interface LocalControlPlaneOptions {
  readonly config: KumaConfig;
  readonly store: ResourceStore;
  readonly view: ResourceView;
  readonly registry: DescriptorRegistry;
  readonly instance: Instance;
  /** The other instances; absent: there are none. */
  readonly bus?: InstanceBus;
  /** What comes with a Mesh: secrets and default policies. */
  readonly meshHooks: readonly MeshHook[];
  readonly issueToken: (request: TokenRequest) => Promise<string>;
  readonly proxyAdmin: ProxyAdminHandler;
  /** How far a revision has come in the zones of a global. Absent: this is a zone, its proxies count. */
  readonly convergence?: ConvergenceWatch;
}

/** The control plane of this process, for the services beside it (ControlPlane in core). */
export class LocalControlPlane implements ControlPlane {
  readonly view: ResourceView;
  /** Where services of this deployment said they can be reached. */
  readonly announcements: Announcements;
  /** What the proxies of this zone have. */
  readonly deliveries: ZoneDeliveries;
  private readonly order = new WriteOrder();
  private readonly manager: ResourceManager;
  private readonly ownManager: ResourceManager;

  constructor(private readonly options: LocalControlPlaneOptions) {
    const { config, store, view, registry, meshHooks } = options;
    this.view = view;
    this.deliveries = new ZoneDeliveries(view);
    this.announcements = new Announcements(options.bus);
    const facts = factsOf(config);
    this.manager = new ResourceManager({ store, view, registry, facts, meshHooks });
    this.ownManager = new ResourceManager({ store, view, registry, facts: { ...facts, readOnly: false }, meshHooks });
  }

  async info(): Promise<ControlPlaneInfo> {
    const { config, instance, store } = this.options;
    return infoOf(config, { instance, storeType: store.type });
  }

  async config(): Promise<string> {
    return printConfig(this.options.config);
  }

  async put(request: PutRequest): Promise<PutResult> {
    const { kind, mesh, name } = request.draft;
    return this.write({ key: { kind, mesh, name }, signal: request.signal }, () => this.manager.put(request));
  }

  async delete(request: DeleteRequest): Promise<DeleteResult> {
    return this.write(request, () => this.manager.delete(request));
  }

  /** A write of a user, as a part of the trace of the request. */
  private async write<T extends { readonly revision: number }>(
    request: { readonly key: ResourceKey; readonly signal?: AbortSignal | undefined },
    work: () => Promise<T>,
  ): Promise<T> {
    const { key } = request;
    const attributes = { 'mesh.kind': key.kind, 'mesh.mesh': key.mesh, 'mesh.name': key.name };
    const result = await this.order.run(request, () =>
      tracing.inSpan('store write', { attributes }, () => {
        tracing.aboutToWrite(this.options.store, key);
        return work();
      }),
    );
    // Whoever reads after a write finds it.
    await this.view.waitFor(result.revision);
    return result;
  }

  /** A write of the control plane itself: all rules but `apiServer.readOnly`. */
  async putInternally(request: PutRequest): Promise<PutResult> {
    const result = await this.ownManager.put(request);
    await this.view.waitFor(result.revision);
    return result;
  }

  issueToken(request: TokenRequest): Promise<string> {
    return this.options.issueToken(request);
  }

  proxyAdmin(request: ProxyAdminRequest): Promise<Uint8Array> {
    return this.options.proxyAdmin(request);
  }

  announce(announcement: Announcement, signal: AbortSignal): Promise<void> {
    return this.announcements.announce(announcement, signal);
  }

  convergence(request: ConvergenceRequest): Promise<Convergence> {
    const ofProxies: ConvergenceWatch = (revision, listener, signal) =>
      this.deliveries.watch(revision, (proxies) => listener({ state: stateOfProxies(proxies), proxies }), signal);
    return settleConvergence(this.options.convergence ?? ofProxies, this.view, request);
  }

  reportDeliveries(source: DeliverySource, signal: AbortSignal): Promise<void> {
    return this.deliveries.add(source, signal);
  }

  recordAudit(entries: readonly TimedAuditEntry[]): Promise<void> {
    return this.options.store.audit.append(entries);
  }

  readAudit(query: AuditQuery): Promise<readonly AuditRecord[]> {
    return this.options.store.audit.read(query);
  }
}
