import {
  type AuditEntry,
  type AuditQuery,
  type AuditRecord,
  type Change,
  type ControlPlane,
  type ControlPlaneInfo,
  type Convergence,
  type ConvergenceRequest,
  type DeleteRequest,
  DescriptorRegistry,
  keyString,
  MeshError,
  type Mutation,
  type ProxyAdminRequest,
  type PutRequest,
  planMutations,
  type Resource,
  type ResourceKey,
  type ResourceStore,
  ResourceView,
  type TimedAuditEntry,
  type TokenRequest,
  type TransactOptions,
  type TransactResult,
} from '@mesh/core';
import { policyKinds } from '@mesh/policies';
import { coreKinds, ResourceManager } from '@mesh/resources';

const NOW = '2026-11-21T08:00:00Z';

/** A control plane with its state in memory and the real write rules; the feed reaches the view at once. */
export class MemoryControlPlane implements ControlPlane {
  readonly registry = new DescriptorRegistry([...coreKinds, ...policyKinds]);
  readonly view = new ResourceView();
  readonly issued: TokenRequest[] = [];
  /** What is issued. */
  token = 'header.claims.signature';
  readonly asked: ProxyAdminRequest[] = [];
  /** Set to make writes and questions fail with it. */
  failure: unknown;
  private readonly resources = new Map<string, Resource>();
  private readonly manager: ResourceManager;
  private revision = 0;

  constructor(private readonly facts: Partial<ControlPlaneInfo> = {}) {
    const { mode = 'zone', zone = 'zone-1', federated = false } = facts;
    this.manager = new ResourceManager({
      store: this.asStore(),
      view: this.view,
      registry: this.registry,
      facts: { mode, zone: mode === 'global' ? '' : zone, federated, environment: 'universal' },
    });
    this.view.apply({ type: 'snapshot', snapshot: { revision: 0, resources: [] } });
  }

  /** Stores resources as they are, without rules. */
  seed(...resources: readonly Resource[]): this {
    for (const resource of resources) {
      const { kind, meta } = resource;
      this.commit([{ key: { kind, mesh: meta.mesh, name: meta.name }, resource }]);
    }
    return this;
  }

  async info(): Promise<ControlPlaneInfo> {
    const defaults = { mode: 'zone', zone: 'zone-1', federated: false, environment: 'universal', storeType: 'memory' } as const;
    return { ...defaults, instanceId: 'host-1a2b', hostname: 'host', readOnly: false, ...this.facts };
  }

  async config(): Promise<string> {
    return '{"mode":"zone"}';
  }

  async put(request: PutRequest) {
    this.failIfTold();
    return this.manager.put(request);
  }

  async delete(request: DeleteRequest) {
    this.failIfTold();
    return this.manager.delete(request);
  }

  async issueToken(request: TokenRequest): Promise<string> {
    this.failIfTold();
    this.issued.push(request);
    return this.token;
  }

  async proxyAdmin(request: ProxyAdminRequest): Promise<Uint8Array> {
    this.failIfTold();
    this.asked.push(request);
    if (request.generated) return Buffer.from(JSON.stringify(this.generated(request.generated.shadow)));
    return new TextEncoder().encode(`${request.what} of ${request.name}`);
  }

  /** Configuration made for any proxy. */
  generated: (shadow: boolean) => object = () => ({});

  async announce(): Promise<void> {}

  /** Given to whoever asks how far a revision has come. */
  converged: Partial<Convergence> = { state: 'converged' };

  async convergence({ revision }: ConvergenceRequest): Promise<Convergence> {
    if (revision > this.view.revision) throw new MeshError('bad_request', { public: `there is no revision ${revision} yet` });
    return { revision, current: this.view.revision, state: 'converged', ...this.converged };
  }

  async reportDeliveries(): Promise<void> {}

  /** What is kept of requests, oldest first. */
  readonly records: AuditRecord[] = [];
  readonly auditQueries: AuditQuery[] = [];

  async recordAudit(entries: readonly TimedAuditEntry[]): Promise<void> {
    for (const entry of entries) this.records.push({ ...entry, id: this.records.length + 1 });
  }

  async readAudit(query: AuditQuery): Promise<readonly AuditRecord[]> {
    this.auditQueries.push(query);
    const fitting = this.records.filter(({ id }) => query.before === undefined || id < query.before);
    return fitting.reverse().slice(0, query.limit);
  }

  private failIfTold(): void {
    if (this.failure) throw this.failure;
  }

  private asStore(): ResourceStore {
    return {
      storeId: 'test',
      type: 'memory',
      get: async (key) => this.resources.get(keyString(key)),
      audit: { append: (entries) => this.recordAudit(entries), read: (query) => this.readAudit(query) },
      list: async ({ kind, mesh }) =>
        [...this.resources.values()].filter((r) => (!kind || r.kind === kind) && (mesh === undefined || r.meta.mesh === mesh)),
      transact: async (mutations, options) => this.transact(mutations, options),
      follow: () => Promise.reject(new MeshError('internal')),
      lead: () => ({ stop: async () => {} }),
      close: async () => {},
    };
  }

  private transact(mutations: readonly Mutation[], { author, audit }: TransactOptions): TransactResult {
    const state = {
      get: (key: ResourceKey) => this.resources.get(keyString(key)),
      ownedBy: (key: ResourceKey) =>
        [...this.resources.values()].filter(({ meta }) => meta.owner !== undefined && keyString(meta.owner) === keyString(key)),
    };
    const planned = planMutations(mutations, { state, now: NOW });
    const result = this.commit(
      planned.map(({ key, after }) => ({ key, ...(after ? { resource: after } : {}) })),
      author.name,
    );
    if (audit && planned.length > 0) this.recordWrite(audit, result.revision);
    return result;
  }

  private recordWrite(entry: AuditEntry, revision: number): void {
    this.records.push({ ...entry, id: this.records.length + 1, time: NOW, revision });
  }

  private commit(lines: readonly { key: ResourceKey; resource?: Resource }[], author = 'test'): TransactResult {
    const changes: Change[] = lines.map(({ key, resource }) => {
      this.revision++;
      if (resource) this.resources.set(keyString(key), resource);
      else this.resources.delete(keyString(key));
      return { revision: this.revision, op: resource ? 'put' : 'delete', key, author, time: NOW, ...(resource ? { resource } : {}) };
    });
    if (changes.length > 0) this.view.apply({ type: 'changes', changes });
    return { revision: this.revision, changes };
  }
}
