import type { EnvoyAdmin, Tags, Timestamp } from './common.js';
import type { DiscoveryServiceStats } from './insight.js';

/** A zone; connected or not, unless disabled its services are offered to other zones. */
export interface ZoneSpec {
  readonly enabled?: boolean;
}

export interface KumaCpVersion {
  readonly version?: string;
  readonly gitTag?: string;
  readonly gitCommit?: string;
  readonly buildDate?: string;
  readonly kumaCpGlobalCompatible?: boolean;
}

/** Counters of one kind, or of all together, of a KDS stream. */
export type KdsServiceStats = DiscoveryServiceStats;

export interface KdsSubscriptionStatus {
  readonly lastUpdateTime?: Timestamp;
  readonly total?: KdsServiceStats;
  /** By kind. */
  readonly stat?: Readonly<Record<string, KdsServiceStats>>;
}

/** One KDS connection of a zone. Open while `disconnectTime` is absent. */
export interface KdsSubscription {
  readonly id?: string;
  readonly globalInstanceId?: string;
  readonly connectTime?: Timestamp;
  readonly disconnectTime?: Timestamp;
  readonly status?: KdsSubscriptionStatus;
  readonly version?: { readonly kumaCp?: KumaCpVersion };
  readonly generation?: number;
  /** Effective configuration of the zone control plane, as JSON text. */
  readonly config?: string;
  readonly authTokenProvided?: boolean;
  readonly zoneInstanceId?: string;
}

export interface KdsStream {
  readonly globalInstanceId?: string;
  readonly connectTime?: Timestamp;
}

export type SyncDirectionName = 'globalToZone' | 'zoneToGlobal';

/** A resource that one side sends and the other refuses; the rest flows. */
export interface SyncRefusal {
  readonly kind?: string;
  readonly mesh?: string;
  readonly name?: string;
  readonly reason?: string;
}

/** One direction of the sync of a zone. */
export interface SyncDirection {
  /** A stream carries it. */
  readonly live?: boolean;
  /** Revisions of the sending side that the receiving side has not answered yet; absent where nobody says. */
  readonly lagRevisions?: number;
  readonly refused?: readonly SyncRefusal[];
}

/** What the global knows of the sync with a zone beyond what Kuma keeps (ADR trusted-sync). */
export interface SyncStatus {
  /** Identity of the zone's store; zones of Kuma have none. */
  readonly storeId?: string;
  /** How the zone proved its name: `zone token`, `client certificate`, or `none`. */
  readonly authentication?: string;
  /** The deployment of this zone has come back under this name. */
  readonly renamedTo?: string;
  /** Another deployment claimed this name and was refused. */
  readonly refusedClaim?: { readonly time?: Timestamp; readonly reason?: string };
  readonly globalToZone?: SyncDirection;
  readonly zoneToGlobal?: SyncDirection;
}

/** State of a zone, kept by the global (and, for itself, by the zone). */
export interface ZoneInsightSpec {
  readonly subscriptions?: readonly KdsSubscription[];
  readonly envoyAdminStreams?: {
    readonly configDumpGlobalInstanceId?: string;
    readonly statsGlobalInstanceId?: string;
    readonly clustersGlobalInstanceId?: string;
  };
  readonly healthCheck?: { readonly time?: Timestamp };
  readonly kdsStreams?: {
    readonly clusters?: KdsStream;
    readonly configDump?: KdsStream;
    readonly stats?: KdsStream;
    readonly globalToZone?: KdsStream;
    readonly zoneToGlobal?: KdsStream;
  };
  readonly sync?: SyncStatus;
}

/** A service that other zones can reach through an ingress. */
export interface AvailableService {
  readonly tags?: Tags;
  readonly instances?: number;
  readonly mesh?: string;
  readonly externalService?: boolean;
}

export interface ZoneIngressNetworking {
  readonly address?: string;
  readonly advertisedAddress?: string;
  readonly port?: number;
  readonly advertisedPort?: number;
  readonly admin?: EnvoyAdmin;
}

/** Entry of a zone for traffic from other zones. */
export interface ZoneIngressSpec {
  readonly zone?: string;
  readonly networking?: ZoneIngressNetworking;
  readonly availableServices?: readonly AvailableService[];
}

/** Exit of a zone for traffic to other zones and to external services. */
export interface ZoneEgressSpec {
  readonly zone?: string;
  readonly networking?: {
    readonly address?: string;
    readonly port?: number;
    readonly admin?: EnvoyAdmin;
  };
}
