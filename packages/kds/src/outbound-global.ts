import {
  type AnyDescriptor,
  type DescriptorRegistry,
  type JsonObject,
  LABEL_DISPLAY_NAME,
  LABEL_K8S_NAMESPACE,
  LABEL_ORIGIN,
  LABEL_POLICY_ROLE,
  ORIGIN_GLOBAL,
  type Resource,
  type ResourceView,
  TAG_ZONE,
  type ViewChange,
} from '@mesh/core';
import type { WireResource } from './codec.js';
import {
  CLUSTER_ID_CONFIG,
  dropLabels,
  FEATURE_HG_MULTI_ZONE,
  FEATURE_OPTIONAL_TARGET_REF,
  FEATURE_PRODUCER_POLICY,
  isGlobalOrigin,
  isSyncDisabled,
  zoneOf,
} from './kinds.js';
import { hashedNameOf } from './names.js';
import { publicKeySecretData, publicKeySecretName } from './zone-token-key.js';

/** GlobalSecrets that never leave the global (contract/kds.md §3). */
const PRIVATE_GLOBAL_SECRETS = new Set(['envoy-admin-ca', 'admin-user-token', 'inter-cp-ca', 'user-token-revocations']);
const USER_KEY_PREFIX = 'user-token-signing-key';

/** The zone a filter decides for. */
export interface ReceivingZone {
  readonly zone: string;
  readonly features: ReadonlySet<string>;
}

export interface GoesToZoneOptions {
  readonly to: ReceivingZone;
  /** Of the global: tells which zones are enabled. */
  readonly view: ResourceView;
}

/** Whether a resource of the global's store goes to a zone: the filter of contract/kds.md §3, in its order. */
export function goesToZone(resource: Resource, descriptor: AnyDescriptor, { to, view }: GoesToZoneOptions): boolean {
  if (isSyncDisabled(resource) || isPrivate(resource)) return false;
  if (isGlobalOrigin(resource)) return descriptor.kds.globalToZone && peerUnderstands(resource, descriptor, to.features);
  if (descriptor.kds.crossZone === undefined) return false;
  const origin = zoneOf(resource);
  if (origin === to.zone || isWithdrawn(view, origin)) return false;
  return descriptor.kds.crossZone === 'always' || isProducerFor(resource, to);
}

/** Resources whose way to other zones hangs on the `enabled` of a Zone. */
export function* objectsOfZone(zone: string, registry: DescriptorRegistry, view: ResourceView): Iterable<Resource> {
  for (const descriptor of registry.all) {
    if (descriptor.kds.crossZone === undefined) continue;
    for (const resource of view.list(descriptor.kind)) if (!isGlobalOrigin(resource) && zoneOf(resource) === zone) yield resource;
  }
}

/** How names and labels are written for a zone. */
export interface MapToZoneOptions {
  /** The zone knows hashed names. */
  readonly hash: boolean;
  readonly skipPrefixes: readonly string[];
}

/** The form in which a zone gets a resource: origin label, public half of zone-token keys, empty status, hashed name. */
export function mapToZone(resource: Resource, descriptor: AnyDescriptor, options: MapToZoneOptions): WireResource {
  const labels = dropLabels({ ...resource.meta.labels, [LABEL_ORIGIN]: ORIGIN_GLOBAL }, options.skipPrefixes);
  let { name } = resource.meta;
  let { spec } = resource;
  const publicName = resource.kind === 'GlobalSecret' ? publicKeySecretName(name) : undefined;
  if (publicName !== undefined) {
    spec = publicKeySecretData(spec);
    name = publicName;
  } else if (options.hash && descriptor.kds.skipHash !== true) {
    name = hashedNameOf(resource, labels);
  }
  if (name !== resource.meta.name && !labels[LABEL_DISPLAY_NAME]) labels[LABEL_DISPLAY_NAME] = resource.meta.name;
  return { name, mesh: resource.meta.mesh, labels, spec, ...(descriptor.hasStatus ? { status: descriptor.zeroStatus ?? {} } : {}) };
}

function isPrivate(resource: Resource): boolean {
  const { name } = resource.meta;
  if (resource.kind === 'Config') return name !== CLUSTER_ID_CONFIG;
  if (resource.kind === 'GlobalSecret') return PRIVATE_GLOBAL_SECRETS.has(name) || name.startsWith(USER_KEY_PREFIX);
  return false;
}

function peerUnderstands(resource: Resource, descriptor: AnyDescriptor, features: ReadonlySet<string>): boolean {
  if (descriptor.policy?.isTargetRef && resource.spec['targetRef'] === undefined) return features.has(FEATURE_OPTIONAL_TARGET_REF);
  if (resource.kind === 'HostnameGenerator') {
    const selector = resource.spec['selector'] as JsonObject | undefined;
    if (selector?.['meshMultiZoneService'] !== undefined) return features.has(FEATURE_HG_MULTI_ZONE);
  }
  return true;
}

/** What a zone offers to others is not offered while it is disabled, nor once its deployment goes by another name. */
function isWithdrawn(view: ResourceView, zone: string): boolean {
  return view.find<{ enabled?: boolean }>('Zone', '', zone)?.spec.enabled === false || isRenamed(view.find('ZoneInsight', '', zone));
}

/** Whether a change of a Zone or its insight may change what other zones get of it. */
export function changesOffer({ key, before, after }: ViewChange): boolean {
  return key.kind === 'Zone' || (key.kind === 'ZoneInsight' && isRenamed(before) !== isRenamed(after));
}

function isRenamed(insight: Resource<{ sync?: { renamedTo?: string } }> | Resource | undefined): boolean {
  return (insight?.spec as { sync?: { renamedTo?: string } } | undefined)?.sync?.renamedTo !== undefined;
}

/** Producer policies exist where namespaces do; a MeshSubset on a zone tag goes to that zone alone. */
function isProducerFor(resource: Resource, to: ReceivingZone): boolean {
  const { labels } = resource.meta;
  if (!to.features.has(FEATURE_PRODUCER_POLICY)) return false;
  if (labels[LABEL_POLICY_ROLE] !== 'producer' || !labels[LABEL_K8S_NAMESPACE]) return false;
  const targetRef = resource.spec['targetRef'] as { kind?: string; tags?: Record<string, string> } | undefined;
  const zone = targetRef?.kind === 'MeshSubset' ? targetRef.tags?.[TAG_ZONE] : undefined;
  return zone === undefined || zone === to.zone;
}
