import { createHash } from 'node:crypto';
import { TAG_SERVICE } from '@mesh/core';
import type { Tags } from '@mesh/resources';
import { extraTags } from './tags.js';

/** Names of Envoy resources, as contract/dataplane.md §3.2 lists them (legacy naming). */
export const ADMIN_NAME = 'kuma:envoy:admin';
export const READINESS_NAME = 'kuma:readiness';
/** Listener of the metrics that a mesh turned on (§3.4). */
export const METRICS_NAME = 'kuma:metrics:prometheus';
export const NO_DESTINATION_CLUSTER = 'self_transparentproxy_no_destination_inbound';

/** Service whose certificate a zone egress shows. */
export const EGRESS_SERVICE = 'zone-egress';

/** Port of Kubernetes pods without a service; it gets no listener. */
export const SERVICELESS_PORT = 49151;

/** `1.2.3.4:80`, `[::1]:80`. */
export function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Listener of an inbound: `inbound:1.2.3.4:80`. */
export function inboundListenerName(address: string, port: number): string {
  return `inbound:${hostPort(address, port)}`;
}

/** Listener of an outbound: `outbound:127.0.0.1:10001`. */
export function outboundListenerName(address: string, port: number): string {
  return `outbound:${hostPort(address, port)}`;
}

/** Cluster of the local application: `localhost:8080`. */
export function inboundClusterName(workloadPort: number): string {
  return `localhost:${workloadPort}`;
}

/** Cluster of a destination: the service, with a hash behind it where further tags choose a subset. */
export function destinationClusterName(tags: Tags): string {
  const service = tags[TAG_SERVICE] ?? '';
  if (Object.keys(extraTags(tags)).length === 0) return service;
  const hash = createHash('sha256');
  for (const key of Object.keys(tags).sort()) hash.update(key).update(tags[key] ?? '');
  return `${service}-${hash.digest().subarray(0, 8).toString('hex')}`;
}

/** Route configuration of an outbound: the service, with a hash behind it where the outbound is for a subset. */
export function outboundRoutesName(tags: Tags): string {
  return `outbound:${destinationClusterName(tags)}`;
}

/** Cluster of a zone proxy for a service of a mesh. */
export function zoneProxyClusterName(mesh: string, service: string): string {
  return `${mesh}:${service}`;
}

/** SNI of a tag subset (§3.5 form 1): `backend{mesh=default,version=v1}`. */
export function sniOf(mesh: string, service: string, subset: Tags): string {
  const tags: Record<string, string> = { ...extraTags(subset), mesh };
  const pairs = Object.keys(tags)
    .sort()
    .map((key) => `${key}=${tags[key]}`);
  return `${service}{${pairs.join(',')}}`;
}

/** Stat prefixes hold only letters, digits, `_` and `-`. */
export function sanitizeStat(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, '_');
}

/** SDS name of a proxy's own certificate. */
export function identitySecretName(mesh: string): string {
  return `identity_cert:secret:${mesh}`;
}

/** SDS name of the roots a proxy trusts. */
export function meshCaSecretName(mesh: string): string {
  return `mesh_ca:secret:${mesh}`;
}

/** SPIFFE id of a service in a mesh (§2.6). */
export function spiffeId(mesh: string, service: string): string {
  return `spiffe://${mesh}/${service}`;
}
