import {
  type AnyDescriptor,
  type DescriptorRegistry,
  LABEL_KDS_SYNC,
  LABEL_ORIGIN,
  LABEL_ZONE,
  ORIGIN_GLOBAL,
  type Resource,
} from '@mesh/core';

/** gRPC header and node features of contract/kds.md §1, §2. */
export const FEATURE_HASH_SUFFIX = 'hash-suffix';
export const FEATURE_ZONE_PING = 'zone-ping-health';
export const FEATURE_ZONE_TOKEN = 'zone-token';
export const FEATURE_HG_MULTI_ZONE = 'hg-mz-selector';
export const FEATURE_PRODUCER_POLICY = 'producer-policy-flow';
export const FEATURE_OPTIONAL_TARGET_REF = 'optional-top-level-target-ref';
/**
 * Ours alone: the receiver deletes only what is named in `removed_resources`, so a first answer may come in parts.
 * Kuma ignores features it does not know.
 */
export const FEATURE_EXPLICIT_REMOVAL = 'explicit-removal';
/** Ours alone: the zone can be asked what its proxies have (proto/kuma/internal/v1/delivery.proto). */
export const FEATURE_DELIVERY_REPORTS = 'delivery-reports';
/**
 * Ours alone: the receiver answers beats and compares what they say of each kind with what it holds; where they differ
 * it subscribes to the kind anew.
 */
export const FEATURE_BEATS = 'stream-beats';

/** What both sides put into `node.metadata.features`. */
export const NODE_FEATURES: readonly string[] = [
  FEATURE_ZONE_TOKEN,
  FEATURE_HASH_SUFFIX,
  FEATURE_HG_MULTI_ZONE,
  FEATURE_PRODUCER_POLICY,
  FEATURE_OPTIONAL_TARGET_REF,
  FEATURE_EXPLICIT_REMOVAL,
  FEATURE_DELIVERY_REPORTS,
  FEATURE_BEATS,
];

/** The one Config that zones are given: the identity of the deployment, and so of the global's store. */
export const CLUSTER_ID_CONFIG = 'kuma-cluster-id';

/** Kinds a zone subscribes to: what the global owns, and what zones hand to each other. */
export function kindsGlobalToZone(registry: DescriptorRegistry): AnyDescriptor[] {
  return registry.all.filter((d) => d.kds.globalToZone || d.kds.crossZone === 'always');
}

/** Kinds a global subscribes to. */
export function kindsZoneToGlobal(registry: DescriptorRegistry): AnyDescriptor[] {
  return registry.all.filter((d) => d.kds.zoneToGlobal);
}

/** Whether a zone may hold objects of its own of a kind beside those of the global. */
export function isZoneOwnable(descriptor: AnyDescriptor): boolean {
  const { zoneToGlobal, skipHash, globalToZone } = descriptor.kds;
  return zoneToGlobal || !globalToZone || (skipHash === true && descriptor.kind !== 'Mesh');
}

/** Whether the label `kuma.io/kds-sync: disabled` keeps a resource where it is. */
export function isSyncDisabled(resource: Resource<unknown, unknown>): boolean {
  return resource.meta.labels[LABEL_KDS_SYNC] === 'disabled';
}

/** Whether a resource was made by the global: its origin label says so, or it has none. */
export function isGlobalOrigin(resource: Resource<unknown, unknown>): boolean {
  const origin = resource.meta.labels[LABEL_ORIGIN];
  return origin === undefined || origin === '' || origin === ORIGIN_GLOBAL;
}

/** Zone of a zone-origin object on the global: its zone label, else the part of the name before the first dot. */
export function zoneOf(resource: Resource<unknown, unknown>): string {
  return resource.meta.labels[LABEL_ZONE] ?? resource.meta.name.split('.', 1)[0] ?? '';
}

/** Removes labels whose key starts with one of the configured prefixes. */
export function dropLabels(labels: Readonly<Record<string, string>>, prefixes: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !prefixes.some((prefix) => prefix !== '' && key.startsWith(prefix))));
}
