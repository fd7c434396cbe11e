import { type AnyDescriptor, type Json, type JsonObject, kriOf, type Resource, type ResourceDraft } from '@mesh/core';
import { snisOf } from '../destination/index.js';

/** A time nobody set, as Go prints it; documents made from drafts carry it. */
export const NO_TIME = '0001-01-01T00:00:00Z';

/**
 * The REST document of a resource in the universal form (contract/rest-api.md §2.3):
 * `type, mesh?, name, creationTime, modificationTime, labels?, kri?, snis?`, then the spec.
 */
export function toDocument(descriptor: AnyDescriptor, resource: Resource): JsonObject {
  return { ...metaOf(descriptor, resource, descriptor.kind), ...bodyOf(descriptor, resource) };
}

/** The document of something not written yet: `kumactl apply --dry-run`, an inline dataplane. */
export function draftToDocument(descriptor: AnyDescriptor, draft: ResourceDraft): JsonObject {
  const { mesh, name, labels = {}, spec } = draft;
  const meta = { mesh, name, labels, creationTime: NO_TIME, modificationTime: NO_TIME, version: 0 };
  return toDocument(descriptor, { kind: descriptor.kind, meta, spec: spec as JsonObject });
}

/** `<Kind>Overview`: the resource and, where there is one, its insight, each under its own name. */
export function toOverview(
  descriptor: AnyDescriptor,
  resource: Resource,
  insight?: { descriptor: AnyDescriptor; resource: Resource },
): JsonObject {
  const overview: JsonObject = {
    ...metaOf(descriptor, resource, `${descriptor.kind}Overview`),
    [lowerFirst(descriptor.kind)]: specOf(descriptor, resource.spec),
  };
  if (insight) overview[lowerFirst(insight.descriptor.kind)] = specOf(insight.descriptor, insight.resource.spec);
  return overview;
}

/** The spec in the order its schema declares: stores need not keep the order of keys. */
export function specOf(descriptor: AnyDescriptor, spec: JsonObject): JsonObject {
  const known = printed.get(spec);
  if (known) return known;
  const result = descriptor.schema.safeParse(spec);
  const ordered = result.success ? (result.data as JsonObject) : spec;
  printed.set(spec, ordered);
  return ordered;
}

/** Specs are immutable, so what was printed once need not be ordered again. */
const printed = new WeakMap<JsonObject, JsonObject>();

function metaOf(descriptor: AnyDescriptor, resource: Resource, type: string): JsonObject {
  const { mesh, name, creationTime, modificationTime, labels } = resource.meta;
  const document: JsonObject = { type };
  if (descriptor.scope === 'Mesh') document.mesh = mesh;
  document.name = name;
  document.creationTime = printedTime(creationTime);
  document.modificationTime = printedTime(modificationTime);
  if (Object.keys(labels).length > 0) document.labels = sortKeys(labels);
  if (descriptor.shortName) document.kri = kriOf(descriptor.shortName, resource);
  const snis = snisOf(descriptor, resource);
  if (snis.length > 0) document.snis = snis.map(({ port, sni }) => ({ port, sni }));
  return document;
}

function bodyOf(descriptor: AnyDescriptor, resource: Resource): JsonObject {
  const spec = specOf(descriptor, resource.spec);
  if (descriptor.shape === 'legacy') return spec;
  return descriptor.hasStatus ? { spec, status: resource.status ?? descriptor.zeroStatus ?? {} } : { spec };
}

function sortKeys(labels: Readonly<Record<string, string>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

/** A time as Go prints it: without zeros at the end of the fraction, and without an empty fraction. */
function printedTime(time: string): string {
  return time.replace(/\.(\d*?)0+Z$/, (_, digits: string) => (digits === '' ? 'Z' : `.${digits}Z`));
}
