import type { Convergence, DeliverySource } from '../convergence.js';
import { MeshError } from '../errors.js';
import type { Resource, ResourceKey } from '../resource.js';
import type { ResourceView } from '../view.js';
import type { AuditQuery, AuditRecord, AuditRequest, TimedAuditEntry } from './audit.js';
import type { Author, ResourceDraft } from './store.js';

export interface ControlPlaneInfo {
  readonly mode: 'global' | 'zone';
  /** Name of the zone; empty on a global. */
  readonly zone: string;
  /** Zone with a global address: policies come from there. */
  readonly federated: boolean;
  readonly environment: 'universal' | 'kubernetes';
  readonly storeType: 'memory' | 'postgres';
  /** `<hostname>-<4 hex>`. */
  readonly instanceId: string;
  readonly hostname: string;
  readonly readOnly: boolean;
}

/** What every write may carry. */
interface WriteRequest {
  readonly author: Author;
  readonly expectedVersion?: number;
  /** Whose request it is: where the write changes something, a record of it is made with the change. */
  readonly audit?: AuditRequest;
  /** Aborts when nobody waits for the write any more: one that has not begun by then is not made. */
  readonly signal?: AbortSignal;
}

/**
 * Whoever gave up on a write may have made another one meanwhile, through another instance too: call it before each attempt.
 * @throws MeshError `unavailable` where nobody waits.
 */
export function requireWaiting({ signal }: { readonly signal?: AbortSignal | undefined }): void {
  if (signal?.aborted) throw new MeshError('unavailable', { public: 'nobody waits for this write any more; it was not made' });
}

export interface PutRequest extends WriteRequest {
  readonly draft: ResourceDraft;
  /**
   * That there is nothing to write counts once the view shows it, without asking the store too: for what others hardly ever
   * write, and what comes by the thousand.
   */
  readonly believesView?: boolean;
}

export interface PutResult {
  readonly created: boolean;
  readonly resource: Resource;
  readonly revision: number;
  readonly warnings: readonly string[];
  /** Whether the record that `audit` asks for was made. */
  readonly recorded?: boolean;
}

export interface DeleteResult {
  readonly revision: number;
  /** As in `PutResult`. */
  readonly recorded?: boolean;
}

export interface DeleteRequest extends WriteRequest {
  readonly key: ResourceKey;
}

/** Claims of a token to issue (contract/rest-api.md §4). `validForMs` may be negative, as in Kuma. */
export type TokenRequest =
  | {
      readonly type: 'dataplane';
      readonly name: string;
      readonly mesh: string;
      readonly tags: Readonly<Record<string, readonly string[]>>;
      readonly proxyType: string;
      readonly workload: string;
      readonly validForMs: number;
    }
  | { readonly type: 'zone'; readonly zone: string; readonly scope: readonly string[]; readonly validForMs: number }
  | { readonly type: 'user'; readonly name: string; readonly groups: readonly string[]; readonly validForMs: number };

export interface ProxyAdminRequest {
  readonly kind: 'Dataplane' | 'ZoneIngress' | 'ZoneEgress';
  readonly mesh: string;
  readonly name: string;
  readonly what: 'xds' | 'stats' | 'clusters';
  readonly format: 'text' | 'json';
  readonly includeEds?: boolean;
  readonly usedOnly?: boolean;
  /**
   * With `xds`, on a zone: not what the Envoy has but what the control plane makes for it, as JSON of resources by type
   * URL and name; `shadow`: as if policies with the effect `shadow` were in effect. Certificates are placeholders.
   */
  readonly generated?: { readonly shadow: boolean };
}

/**
 * What the other services of a deployment may ask of the control plane that owns its state.
 * Two implementations: in the same process, and over internal gRPC (proto/kuma/internal).
 */
export interface ControlPlane {
  /** Live and read-only; it lags a write by at most the feed. */
  readonly view: ResourceView;
  info(): Promise<ControlPlaneInfo>;
  /** Effective configuration as JSON, secrets redacted. */
  config(): Promise<string>;
  /**
   * Applies all write rules (contract/rest-api.md §2.2) and returns once the write is durable. Writes of one resource are
   * made in the order in which they are asked for.
   */
  put(request: PutRequest): Promise<PutResult>;
  delete(request: DeleteRequest): Promise<DeleteResult>;
  issueToken(request: TokenRequest): Promise<string>;
  /** Raw body of the Envoy admin endpoint of a proxy. */
  proxyAdmin(request: ProxyAdminRequest): Promise<Uint8Array>;
  /** Tells where a service of this deployment can be reached (the xDS address of an ingress manager); ends with the signal. */
  announce(announcement: Announcement, signal: AbortSignal): Promise<void>;
  /**
   * How far a revision has come: at once, or as soon as nothing more is to be waited for, at the
   * latest after `waitMs`. Throws `bad_request` where there is no such revision yet.
   */
  convergence(request: ConvergenceRequest): Promise<Convergence>;
  /** Lets the control plane ask what the proxies of this service have; ends with the signal. */
  reportDeliveries(source: DeliverySource, signal: AbortSignal): Promise<void>;
  /** Keeps records of requests that changed nothing: refused, or only read (AuditStore.append). */
  recordAudit(entries: readonly TimedAuditEntry[]): Promise<void>;
  /** Records of requests, newest first (AuditStore.read). */
  readAudit(query: AuditQuery): Promise<readonly AuditRecord[]>;
}

export interface ConvergenceRequest {
  readonly revision: number;
  /** 0: answer with what is known now. */
  readonly waitMs: number;
}

export interface Announcement {
  readonly service: 'zone-proxy-xds';
  /** Host the proxies should dial; empty: the host they already use for the bootstrap. */
  readonly host: string;
  readonly port: number;
}
