import type { AnyDescriptor, JsonObject, Resource } from '@mesh/core';

const META_KEYS = new Set(['type', 'mesh', 'name', 'creationTime', 'modificationTime', 'labels', 'kri', 'snis']);

/** One page of a list, as the API sends it. */
export interface ListDocument {
  readonly total: number;
  readonly items: readonly JsonObject[];
  readonly next?: string | null;
}

/** A document of the API as the columns of a descriptor want it. */
export function toResource(descriptor: AnyDescriptor, document: JsonObject): Resource {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const rest = Object.fromEntries(Object.entries(document).filter(([key]) => !META_KEYS.has(key)));
  return {
    kind: descriptor.kind,
    meta: {
      mesh: text(document.mesh),
      name: text(document.name),
      labels: (document.labels ?? {}) as Record<string, string>,
      creationTime: text(document.creationTime),
      modificationTime: text(document.modificationTime),
      version: 0,
    },
    spec: descriptor.shape === 'plugin' ? ((document.spec ?? {}) as JsonObject) : rest,
  };
}
