import { type AnyDescriptor, displayNameOf, type JsonObject, LABEL_K8S_NAMESPACE, LABEL_MESH, type Resource } from '@mesh/core';
import { NO_TIME, specOf } from './print.js';

/** Where a Kubernetes control plane keeps its own objects, unless asked for another. */
const SYSTEM_NAMESPACE = 'kuma-system';

/** Kinds that exist since before plugins and are not cluster-wide on Kubernetes. */
const NAMESPACED_LEGACY = new Set([
  'Dataplane',
  'DataplaneInsight',
  'ZoneIngress',
  'ZoneIngressInsight',
  'ZoneEgress',
  'ZoneEgressInsight',
]);

/** Types of the Kubernetes secrets that hold ours. */
const SECRET_TYPES: Readonly<Record<string, string>> = {
  Secret: 'system.kuma.io/secret',
  GlobalSecret: 'system.kuma.io/global-secret',
};

/**
 * The object a Kubernetes control plane would hold for a resource (`?format=k8s`): labels of the
 * resource itself do not go there, the mesh does: as a label of plugin kinds and secrets, else at the top.
 * @param namespace of namespaced kinds, where the resource came from none.
 */
export function toKubernetesDocument(descriptor: AnyDescriptor, resource: Resource, namespace = SYSTEM_NAMESPACE): JsonObject {
  const secretType = SECRET_TYPES[descriptor.kind];
  const meshIsLabel = descriptor.shape === 'plugin' || secretType !== undefined;
  const isNamespaced = meshIsLabel || NAMESPACED_LEGACY.has(descriptor.kind);
  const { mesh, labels, creationTime } = resource.meta;
  const isInMesh = descriptor.scope === 'Mesh';
  const metadata: JsonObject = {
    name: displayNameOf(resource),
    ...(isNamespaced ? { namespace: labels[LABEL_K8S_NAMESPACE] ?? namespace } : {}),
    ...(creationTime === NO_TIME ? {} : { creationTimestamp: creationTime.replace(/\.\d+/, '') }),
    ...(isInMesh && meshIsLabel ? { labels: { [LABEL_MESH]: mesh } } : {}),
  };
  const spec = specOf(descriptor, resource.spec);
  if (secretType) return { kind: 'Secret', apiVersion: 'v1', metadata, data: { value: spec.data ?? '' }, type: secretType };
  return { kind: descriptor.kind, apiVersion: 'kuma.io/v1alpha1', metadata, ...(isInMesh && !meshIsLabel ? { mesh } : {}), spec };
}
