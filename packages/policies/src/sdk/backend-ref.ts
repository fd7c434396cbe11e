import { TAG_SERVICE, type TargetRefKind, type Violations } from '@mesh/core';
import type { Tags } from '@mesh/resources';
import type { Backend } from '@mesh/xds';
import { z } from 'zod';
import { checkTargetRef, targetRefSchema } from './target-ref.js';

/** Shape of a reference to where traffic goes. */
export const backendRefSchema = targetRefSchema.extend({
  /** Share of the traffic; 1 where left out. */
  weight: z.int().min(0).optional(),
  /** Port of the destination; makes a MeshService reference one to the resource of that name. */
  port: z.int().min(1).max(65535).optional(),
});

export type BackendRef = z.infer<typeof backendRefSchema>;

const KINDS: readonly TargetRefKind[] = ['MeshService', 'MeshServiceSubset', 'MeshExternalService', 'MeshMultiZoneService'];
const MIRROR_KINDS: readonly TargetRefKind[] = ['MeshService', 'MeshServiceSubset'];

/** Reports everything wrong with a reference. */
export function checkBackendRef(ref: BackendRef, at: Violations, mirror = false): void {
  checkTargetRef(ref, { kinds: mirror ? MIRROR_KINDS : KINDS }, at);
  if (ref.kind === 'MeshMultiZoneService' && ref.port === undefined) at.field('port').add('must be set with kind MeshMultiZoneService');
}

/**
 * The instances a reference means by their tags, or undefined where it names a resource instead
 * of a `kuma.io/service` (contract/policies.md §2.1).
 */
export function backendTags(ref: BackendRef): Tags | undefined {
  const isResource = ref.port !== undefined || ref.sectionName !== undefined;
  if (ref.kind === 'MeshService' && ref.name && !isResource) return { [TAG_SERVICE]: ref.name };
  if (ref.kind === 'MeshServiceSubset' && ref.name) return { ...ref.tags, [TAG_SERVICE]: ref.name };
  return undefined;
}

/** Backends for a list of references; those that name resources are left out. */
export function backendsOf(refs: readonly BackendRef[]): Backend[] {
  return refs.flatMap((ref) => {
    const tags = backendTags(ref);
    return tags ? [{ tags, weight: ref.weight ?? 1 }] : [];
  });
}
