import {
  type Announcement,
  type AuditQuery,
  type AuditRecord,
  type Author,
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
  type ResourceView,
  type TimedAuditEntry,
  type TokenRequest,
} from '@mesh/core';
import { CONTROL_PLANE_AUTHOR } from '../instance.js';
import type { LocalControlPlane } from '../local-control-plane.js';
import type { ProxyWrites } from './proxy-writes.js';

/** Kinds that the ingress manager keeps for the zone. */
const ZONE_PROXY_KINDS: ReadonlySet<string> = new Set(['ZoneIngress', 'ZoneEgress', 'ZoneIngressInsight', 'ZoneEgressInsight']);

/**
 * The zone's control plane as its own services see it. Beyond what users may write it takes what
 * the ingress manager keeps: registrations and insights of zone proxies, in the name of the
 * control plane. Users never have that name: the API derives authors from tokens.
 */
export class ZoneControlPlane implements ControlPlane {
  constructor(
    private readonly local: LocalControlPlane,
    private readonly writes: ProxyWrites,
  ) {}

  get view(): ResourceView {
    return this.local.view;
  }

  info(): Promise<ControlPlaneInfo> {
    return this.local.info();
  }

  config(): Promise<string> {
    return this.local.config();
  }

  async put(request: PutRequest): Promise<PutResult> {
    if (!isOfZoneProxies(request.author, request.draft.kind)) return this.local.put(request);
    const existed = this.view.get(request.draft) !== undefined;
    const { revision } = await this.writes.put(request.draft, request.expectedVersion);
    await this.view.waitFor(revision);
    const resource = this.view.get(request.draft);
    if (!resource) throw new MeshError('unavailable', { public: `${request.draft.kind} ${request.draft.name} was removed meanwhile` });
    return { created: !existed, resource, revision, warnings: [] };
  }

  async delete(request: DeleteRequest): Promise<DeleteResult> {
    if (!isOfZoneProxies(request.author, request.key.kind)) return this.local.delete(request);
    await this.writes.delete(request.key);
    return { revision: this.view.revision };
  }

  issueToken(request: TokenRequest): Promise<string> {
    return this.local.issueToken(request);
  }

  proxyAdmin(request: ProxyAdminRequest): Promise<Uint8Array> {
    return this.local.proxyAdmin(request);
  }

  announce(announcement: Announcement, signal: AbortSignal): Promise<void> {
    return this.local.announce(announcement, signal);
  }

  convergence(request: ConvergenceRequest): Promise<Convergence> {
    return this.local.convergence(request);
  }

  reportDeliveries(source: DeliverySource, signal: AbortSignal): Promise<void> {
    return this.local.reportDeliveries(source, signal);
  }

  recordAudit(entries: readonly TimedAuditEntry[]): Promise<void> {
    return this.local.recordAudit(entries);
  }

  readAudit(query: AuditQuery): Promise<readonly AuditRecord[]> {
    return this.local.readAudit(query);
  }
}

function isOfZoneProxies(author: Author, kind: string): boolean {
  return author.name === CONTROL_PLANE_AUTHOR.name && ZONE_PROXY_KINDS.has(kind);
}
