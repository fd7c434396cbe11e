import { type DescMessage, fromBinary, type Registry, toJson } from '@bufbuild/protobuf';
import type { JsonObject } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';

/**
 * The resources of a snapshot as protobuf JSON, by the last part of their type ("Listener"), each
 * in order of name. For people, goldens and static bootstraps; the registry must know every message.
 */
export function describeSnapshot(snapshot: Snapshot, registry: Registry): Record<string, JsonObject[]> {
  return Object.fromEntries(described(snapshot, registry).map(({ schema, resources }) => [schema.name, [...resources.values()]]));
}

/** The resources of a snapshot as protobuf JSON, by type URL and name; the registry must know every message. */
export function snapshotDocument(snapshot: Snapshot, registry: Registry): Record<string, JsonObject> {
  return Object.fromEntries(described(snapshot, registry).map(({ typeUrl, resources }) => [typeUrl, Object.fromEntries(resources)]));
}

interface DescribedType {
  readonly typeUrl: string;
  readonly schema: DescMessage;
  readonly resources: ReadonlyMap<string, JsonObject>;
}

function described(snapshot: Snapshot, registry: Registry): DescribedType[] {
  const types: DescribedType[] = [];
  for (const [typeUrl, { resources }] of snapshot) {
    if (resources.size === 0) continue;
    const schema = messageOf(registry, typeUrl);
    const json = ({ body }: { readonly body: Uint8Array }) => toJson(schema, fromBinary(schema, body), { registry }) as JsonObject;
    types.push({ typeUrl, schema, resources: new Map([...resources].map(([name, resource]) => [name, json(resource)])) });
  }
  return types;
}

function messageOf(registry: Registry, typeUrl: string): DescMessage {
  const schema = registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
  if (!schema) throw new Error(`${typeUrl} is not in the registry`);
  return schema;
}
