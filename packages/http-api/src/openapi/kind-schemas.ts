import type { AnyDescriptor, DescriptorRegistry } from '@mesh/core';
import { z } from 'zod';
import { type JsonSchema, mapSchema, objectSchema, STRING, schemaRef } from './operation.js';

type Properties = Record<string, JsonSchema>;

const TIME: JsonSchema = { ...STRING, readOnly: true, description: 'RFC 3339, UTC.' };
const SNIS: JsonSchema = {
  type: 'array',
  readOnly: true,
  items: objectSchema({ port: { type: 'integer' }, sni: STRING }, ['port', 'sni']),
};

/** Component schemas of every kind that has a path: `<Kind>` and, where there is an insight, `<Kind>Overview`. */
export function kindSchemas(registry: DescriptorRegistry): Record<string, JsonSchema> {
  const schemas: Record<string, JsonSchema> = {};
  for (const descriptor of registry.all) {
    if (descriptor.path === undefined) continue;
    schemas[descriptor.kind] = itemSchema(descriptor, schemas);
    if (descriptor.insightKind !== undefined)
      schemas[`${descriptor.kind}Overview`] = overviewSchema(descriptor, registry.get(descriptor.insightKind), schemas);
  }
  return schemas;
}

/** The document of a kind: facts about the item, then its spec, beside them or below `spec`. */
function itemSchema(descriptor: AnyDescriptor, components: Record<string, JsonSchema>): JsonSchema {
  const spec = specSchema(descriptor, components);
  const meta = metaProperties(descriptor, descriptor.kind);
  if (descriptor.shape === 'legacy') {
    const { properties = {}, required = [] } = spec as { properties?: Properties; required?: string[] };
    return objectSchema({ ...meta, ...properties }, [...requiredMeta(descriptor), ...required]);
  }
  const status: Properties = descriptor.hasStatus ? { status: { type: 'object', readOnly: true } } : {};
  return objectSchema({ ...meta, spec, ...status }, requiredMeta(descriptor));
}

function overviewSchema(descriptor: AnyDescriptor, insight: AnyDescriptor | undefined, components: Record<string, JsonSchema>): JsonSchema {
  return objectSchema(
    {
      ...metaProperties(descriptor, `${descriptor.kind}Overview`),
      [lowerFirst(descriptor.kind)]: specSchema(descriptor, components),
      ...(insight ? { [lowerFirst(insight.kind)]: specSchema(insight, components) } : {}),
    },
    [...requiredMeta(descriptor), lowerFirst(descriptor.kind)],
  );
}

function metaProperties(descriptor: AnyDescriptor, type: string): Properties {
  return {
    type: { const: type },
    ...(descriptor.scope === 'Mesh' ? { mesh: { ...STRING, description: 'Mesh the item belongs to.' } } : {}),
    name: STRING,
    creationTime: TIME,
    modificationTime: TIME,
    labels: mapSchema(STRING),
    ...(descriptor.shortName ? { kri: { ...STRING, readOnly: true, description: 'Identifier of the item in all zones.' } } : {}),
    ...(descriptor.destinationPorts ? { snis: SNIS } : {}),
  };
}

function requiredMeta(descriptor: AnyDescriptor): string[] {
  return descriptor.scope === 'Mesh' ? ['type', 'mesh', 'name'] : ['type', 'name'];
}

/**
 * The canonical form of a spec, which is what answers hold; a `PUT` takes other spellings of it too.
 * What it defines for itself, for recursion, becomes components.
 */
function specSchema(descriptor: AnyDescriptor, components: Record<string, JsonSchema>): JsonSchema {
  const { $schema: _, $defs = {}, ...schema } = z.toJSONSchema(descriptor.schema, { io: 'output', unrepresentable: 'any' });
  const names = new Map(Object.entries($defs).map(([name, part]) => [name, isAnyJson(part) ? 'Json' : `${descriptor.kind}.${name}`]));
  const moved = (part: unknown): JsonSchema =>
    JSON.parse(
      JSON.stringify(part).replace(/"#\/\$defs\/([^"]*)"/g, (_ref, name: string) => `"#/components/schemas/${names.get(name) ?? name}"`),
    ) as JsonSchema;
  for (const [name, part] of Object.entries($defs)) {
    const target = names.get(name) ?? name;
    if (target !== 'Json') components[target] = moved(part);
  }
  return moved(schema);
}

/** JSON of any shape refers to itself for lists and objects; generated types cannot. */
function isAnyJson(part: { readonly anyOf?: readonly { readonly type?: unknown }[] | undefined }): boolean {
  const types = new Set(part.anyOf?.map(({ type }) => type));
  return types.has('null') && types.has('string') && types.has('array') && types.has('object');
}

/** A reference to the document of a kind. */
export function kindRef(descriptor: AnyDescriptor): JsonSchema {
  return schemaRef(descriptor.kind);
}

/** A reference to the overview of a kind. */
export function overviewRef(descriptor: AnyDescriptor): JsonSchema {
  return schemaRef(`${descriptor.kind}Overview`);
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
