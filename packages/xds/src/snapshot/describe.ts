import { type DescMessage, fromBinary, type Registry, toJson } from '@bufbuild/protobuf';
import type { JsonObject } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';

/**
 * The resources of a snapshot as protobuf JSON, by the last part of their type ("Listener"), each
 * in order of name. For people, goldens and static bootstraps; the registry must know every message.
 */
export function describeSnapshot(snapshot: Snapshot, registry: Registry): Record<string, JsonObject[]> {
  const described: Record<string, JsonObject[]> = {};
  for (const [typeUrl, { resources }] of snapshot) {
    if (resources.size === 0) continue;
    const schema = messageOf(registry, typeUrl);
    described[schema.name] = [...resources.values()].map(
      ({ body }) => toJson(schema, fromBinary(schema, body), { registry }) as JsonObject,
    );
  }
  return described;
}

function messageOf(registry: Registry, typeUrl: string): DescMessage {
  const schema = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
  if (!schema) throw new Error(`${typeUrl} is not in the registry`);
  return schema;
}
