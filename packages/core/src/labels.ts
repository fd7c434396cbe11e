/** Labels and tags with a meaning to the control plane (contract/kds.md §3, policies.md §0). */
export const LABEL_MESH = 'kuma.io/mesh';
export const LABEL_ORIGIN = 'kuma.io/origin';
export const LABEL_ZONE = 'kuma.io/zone';
export const LABEL_ENV = 'kuma.io/env';
export const LABEL_DISPLAY_NAME = 'kuma.io/display-name';
export const LABEL_PROXY_TYPE = 'kuma.io/proxy-type';
export const LABEL_KDS_SYNC = 'kuma.io/kds-sync';
export const LABEL_POLICY_ROLE = 'kuma.io/policy-role';
export const LABEL_EFFECT = 'kuma.io/effect';
export const LABEL_WORKLOAD = 'kuma.io/workload';
export const LABEL_MANAGED_BY = 'kuma.io/managed-by';
export const LABEL_K8S_NAMESPACE = 'k8s.kuma.io/namespace';
/** On a ZoneIngress applied as a Dataplane of Kuma 0.6-1.1: the mesh that Dataplane was of. */
export const LABEL_FORMER_MESH = 'ingress.kuma.io/former-mesh';
export const LABEL_DELETION_GRACE_PERIOD = 'kuma.io/deletion-grace-period-started-at';

export const ORIGIN_GLOBAL = 'global';
export const ORIGIN_ZONE = 'zone';

export const TAG_SERVICE = 'kuma.io/service';
export const TAG_PROTOCOL = 'kuma.io/protocol';
export const TAG_ZONE = 'kuma.io/zone';
export const TAG_MESH = 'kuma.io/mesh';
export const TAG_INSTANCE = 'kuma.io/instance';
export const TAG_EXTERNAL_SERVICE = 'kuma.io/external-service-name';

import type { Resource } from './resource.js';

/** The name users gave the resource: the display-name label of a synced copy, else its name. */
export function displayNameOf(resource: Resource<unknown, unknown>): string {
  return resource.meta.labels[LABEL_DISPLAY_NAME] || resource.meta.name;
}

/** `global`, `zone`, or undefined where the label is missing. */
export function originOf(resource: Resource<unknown, unknown>): string | undefined {
  return resource.meta.labels[LABEL_ORIGIN];
}
