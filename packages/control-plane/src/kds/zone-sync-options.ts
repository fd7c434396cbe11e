import type { DescriptorRegistry, Logger, ProxyAdminRequest, ResourceStore, ResourceView } from '@mesh/core';
import type { KumaConfig, Metrics } from '@mesh/runtime';
import type { ZoneDeliveries } from '../convergence/zone-deliveries.js';
import type { Instance } from '../instance.js';
import type { ZoneSubscriptions } from '../zones/zone-subscriptions.js';

/** What a zone's side of KDS works with. */
export interface ZoneSyncOptions {
  readonly config: KumaConfig;
  readonly store: ResourceStore;
  /** Follows the store; must have its first snapshot before `start`. */
  readonly view: ResourceView;
  readonly registry: DescriptorRegistry;
  readonly instance: Instance;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Of the leadership under which this runs; a later leader's writes then refuse those of this one. */
  readonly fence?: number;
  /** How often each stream shows that it lives; absent: every few seconds. */
  readonly beatIntervalMs?: number;
  /** Where the mirror of the zone's own ZoneInsight is written. */
  readonly subscriptions: ZoneSubscriptions;
  /** What the proxies of this zone have, for a global that asks. */
  readonly deliveries: ZoneDeliveries;
  /** Asks a proxy of this zone, known by its display name. */
  readonly proxyAdmin: (request: ProxyAdminRequest) => Promise<Uint8Array>;
}
