import type { TargetRef } from '@mesh/core';
import { type BackendRef, backendTags } from './backend-ref.js';

/** Kinds of destination that only resources of their own stand for. */
const RESOURCE_KINDS: ReadonlySet<string> = new Set(['MeshExternalService', 'MeshMultiZoneService']);

/**
 * True where a reference means a resource of kind MeshService and not the services by that name in
 * the tag `kuma.io/service`, which are all that traffic goes to.
 */
export function namesResource(ref: TargetRef): boolean {
  return ref.sectionName !== undefined || ref.namespace !== undefined || ref.labels !== undefined;
}

/** Warnings for references of `to` that nothing answers to: the entry is kept, and does nothing. */
export function toWithoutEffect(entries: readonly { readonly targetRef: TargetRef }[] | undefined): string[] {
  return (entries ?? []).flatMap(({ targetRef: ref }, i) => {
    const path = `spec.to[${i}].targetRef`;
    if (RESOURCE_KINDS.has(ref.kind)) return [`${path}: traffic does not go to a ${ref.kind} yet, so the entry has no effect`];
    if (ref.kind !== 'MeshService' || !namesResource(ref)) return [];
    return [
      `${path}: labels, namespace and sectionName choose MeshService resources, which traffic does not go to yet, so the entry has no effect; ` +
        "use the value of 'kuma.io/service' as name instead",
    ];
  });
}

/** Warnings for backends that lead nowhere: they are left out. */
export function backendsWithoutEffect(backends: readonly { readonly path: string; readonly ref: BackendRef }[]): string[] {
  return backends
    .filter(({ ref }) => backendTags(ref) === undefined)
    .map(
      ({ path, ref }) =>
        `${path}: traffic does not go to ${ref.kind} resources yet, so the backend is left out; use MeshService with a name only`,
    );
}

/** Warnings for kinds at the top that choose no proxies here. */
export function topWithoutEffect(ref: TargetRef | undefined): string[] {
  if (ref?.kind !== 'MeshGateway' && ref?.kind !== 'MeshHTTPRoute') return [];
  return [`spec.targetRef: ${ref.kind} chooses no proxies here, so the policy has no effect`];
}

/** The warning for kinds that change no proxy yet: a document of them is checked, stored and synced. */
export function kindWithoutEffect(kind: string): string {
  return `${kind} has no effect on proxies yet: it is stored and synced, and changes no traffic`;
}
