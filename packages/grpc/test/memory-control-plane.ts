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
  MeshError,
  type ProxyAdminRequest,
  type PutRequest,
  type PutResult,
  type Resource,
  ResourceView,
  type TimedAuditEntry,
  type TokenRequest,
} from '@mesh/core';
import { Inbox } from './inbox.js';

/** The port, in memory: writes go straight to the view, without rules. */
export class MemoryControlPlane implements ControlPlane {
  readonly view = new ResourceView();
  readonly announced: { readonly announcement: Announcement; readonly signal: AbortSignal }[] = [];
  onAnnounce: () => void = () => {};
  private revision = 0;

  /** Called when a write has begun that takes until its caller gives up. */
  onSlow: () => void = () => {};
  /** Names of writes whose callers gave up. */
  readonly gaveUp = new Inbox<string>();

  constructor(resources: readonly Resource[] = []) {
    this.view.apply({ type: 'snapshot', snapshot: { revision: 0, resources } });
  }

  private async givenUp(signal: AbortSignal | undefined): Promise<never> {
    this.onSlow();
    await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
    this.gaveUp.push('slow');
    throw new MeshError('unavailable');
  }

  async info(): Promise<ControlPlaneInfo> {
    return {
      mode: 'zone',
      zone: 'zone-1',
      federated: true,
      environment: 'universal',
      storeType: 'memory',
      instanceId: 'host-1234',
      hostname: 'host',
      readOnly: false,
    };
  }

  async config(): Promise<string> {
    return '{"mode":"zone"}';
  }

  async put({ draft, author, audit, expectedVersion, signal }: PutRequest): Promise<PutResult> {
    const { kind, mesh, name, labels = {} } = draft;
    if (name === 'slow') await this.givenUp(signal);
    if (name === 'refused') {
      const violations = [{ field: 'spec.x', message: 'must be set' }];
      throw new MeshError('invalid', { violations, hint: 'set spec.x', internal: 'not for others' });
    }
    if (name === 'bug') throw new Error('secret detail');
    const before = this.view.find(kind, mesh, name);
    if (expectedVersion !== undefined && before?.meta.version !== expectedVersion) throw new MeshError('conflict');
    const time = '2026-01-01T00:00:00Z';
    const version = (before?.meta.version ?? 0) + 1;
    const resource = {
      kind,
      meta: { mesh, name, labels, creationTime: time, modificationTime: time, version },
      spec: draft.spec,
    } as Resource;
    this.revision += 1;
    const change = { revision: this.revision, op: 'put' as const, key: { kind, mesh, name }, resource, author: author.name, time };
    this.view.apply({ type: 'changes', changes: [change] });
    const recorded = this.recordWrite(audit);
    return { created: before === undefined, resource, revision: this.revision, warnings: ['careful'], recorded };
  }

  async delete({ key, author, audit }: DeleteRequest): Promise<DeleteResult> {
    this.revision += 1;
    this.view.apply({ type: 'changes', changes: [{ revision: this.revision, op: 'delete', key, author: author.name, time: '' }] });
    return { revision: this.revision, recorded: this.recordWrite(audit) };
  }

  readonly records: AuditRecord[] = [];

  private recordWrite(audit: PutRequest['audit']): boolean {
    if (audit)
      this.records.push({ ...audit, id: this.records.length + 1, time: '', revision: this.revision, status: 200, outcome: 'done' });
    return audit !== undefined;
  }

  async recordAudit(entries: readonly TimedAuditEntry[]): Promise<void> {
    for (const entry of entries) this.records.push({ ...entry, id: this.records.length + 1 });
  }

  async readAudit({ who, limit }: AuditQuery): Promise<readonly AuditRecord[]> {
    return this.records.filter((record) => who === undefined || record.who === who).slice(0, limit);
  }

  async issueToken(request: TokenRequest): Promise<string> {
    return `token-for-${request.type}`;
  }

  async proxyAdmin(request: ProxyAdminRequest): Promise<Uint8Array> {
    return Buffer.from(`${request.what} of ${request.name}`);
  }

  async announce(announcement: Announcement, signal: AbortSignal): Promise<void> {
    this.announced.push({ announcement, signal });
    this.onAnnounce();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  /** Given to whoever asks how far a revision has come. */
  converged: Partial<Convergence> = { state: 'converged' };
  readonly reporting: DeliverySource[] = [];

  async convergence({ revision }: ConvergenceRequest): Promise<Convergence> {
    if (revision > this.view.revision) throw new MeshError('bad_request', { public: `there is no revision ${revision} yet` });
    return { revision, current: this.view.revision, state: 'converged', ...this.converged };
  }

  async reportDeliveries(source: DeliverySource, signal: AbortSignal): Promise<void> {
    this.reporting.push(source);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.reporting.splice(this.reporting.indexOf(source), 1);
  }
}
