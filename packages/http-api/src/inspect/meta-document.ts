import type { JsonObject, Resource } from '@mesh/core';
import { toDocument } from '@mesh/resources';
import type { ApiContext } from '../context.js';

/** The document of a resource without its spec: type, mesh, name, times, labels and identifier. */
export function toMetaDocument({ registry }: ApiContext, { kind, meta }: Resource): JsonObject {
  const descriptor = registry.mustGet(kind);
  const { spec: _, status: __, ...document } = toDocument({ ...descriptor, shape: 'plugin' }, { kind, meta, spec: {} });
  return document;
}
