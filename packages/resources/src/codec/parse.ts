import { type AnyDescriptor, type DescriptorRegistry, type JsonObject, MeshError, type ResourceDraft, Violations } from '@mesh/core';
import { describeJson } from '../proto-json/field.js';
import { isObject } from '../proto-json/index.js';
import { checkMeta, type DocumentMeta } from './names.js';
import { schemaViolations } from './schema-issues.js';

export interface ParseOptions {
  /** Mesh of a mesh-scoped document that names none. Plugin kinds fall back to `default` without it. */
  readonly defaultMesh?: string;
  /** The caller vouches for the document: rules are not checked, only its shape (a synced resource). */
  readonly skipValidation?: boolean;
}

export interface ParsedDocument {
  /** What to write. Its kind may differ from the `type` of an old document: the descriptor's is right. */
  readonly draft: ResourceDraft;
  readonly descriptor: AnyDescriptor;
  /** Old forms that were rewritten, and deprecations; for the user. */
  readonly warnings: readonly string[];
}

/** Deepest nesting of a document. */
const DEPTH_MAX = 200;

/**
 * Reads a REST document of any kind: old forms, shape, names and labels, rules, deprecations,
 * defaults. Throws `bad_request` where the shape is wrong and `invalid`, with all violations,
 * where a rule is broken.
 */
export function parseDocument(registry: DescriptorRegistry, document: unknown, options: ParseOptions = {}): ParsedDocument {
  checkDepth(document);
  const given = requireObject(document);
  const present = normalizeDocument(registry, descriptorOf(registry, given), given);
  const { descriptor } = present;
  const meta = readMeta(descriptor, present.document, options);
  const violations = Violations.at();
  if (!options.skipValidation) checkMeta(descriptor, meta, violations);
  const source = descriptor.shape === 'plugin' ? present.document.spec : present.document;
  const parsed = readSpec(descriptor, source, violations);
  if (parsed !== undefined && !options.skipValidation) {
    descriptor.validate?.(parsed, descriptor.shape === 'plugin' ? violations.field('spec') : violations, meta);
  }
  if (!violations.ok || parsed === undefined) throw new MeshError('invalid', { violations: violations.list });
  const warnings = [...present.warnings, ...(descriptor.deprecations?.(parsed, meta) ?? [])];
  return { draft: draftOf(descriptor, meta, descriptor.defaults?.(parsed) ?? parsed), descriptor, warnings };
}

function draftOf(descriptor: AnyDescriptor, meta: DocumentMeta, spec: unknown): ResourceDraft {
  return { kind: descriptor.kind, mesh: meta.mesh, name: meta.name, labels: meta.labels, spec };
}

function requireObject(document: unknown): JsonObject {
  if (!isObject(document))
    throw new MeshError('bad_request', { public: `invalid resource: expected an object, got ${describeJson(document)}` });
  return document;
}

function descriptorOf(registry: DescriptorRegistry, document: JsonObject): AnyDescriptor {
  const { type } = document;
  if (typeof type !== 'string' || type === '')
    throw new MeshError('bad_request', { public: 'invalid resource: the field "type" must name a kind' });
  const found = registry.get(type);
  if (!found) throw new MeshError('bad_request', { public: `invalid resource type "${type.slice(0, 100)}"` });
  return found;
}

interface PresentDocument {
  readonly descriptor: AnyDescriptor;
  readonly document: JsonObject;
  readonly warnings: readonly string[];
}

/** Old forms may turn one kind into another (a Dataplane that is a ZoneIngress): then the new kind has its say too. */
function normalizeDocument(registry: DescriptorRegistry, descriptor: AnyDescriptor, document: JsonObject): PresentDocument {
  const first = descriptor.normalize?.(document) ?? { document, warnings: [] };
  if (first.document.type === document.type) return { descriptor, ...first };
  const other = descriptorOf(registry, first.document);
  const second = other.normalize?.(first.document) ?? { document: first.document, warnings: [] };
  return { descriptor: other, document: second.document, warnings: [...first.warnings, ...second.warnings] };
}

function readMeta(descriptor: AnyDescriptor, document: JsonObject, options: ParseOptions): DocumentMeta {
  const fallback = options.defaultMesh ?? (descriptor.shape === 'plugin' ? 'default' : '');
  const mesh = descriptor.scope === 'Mesh' ? textField(descriptor, document, 'mesh') || fallback : '';
  return { name: textField(descriptor, document, 'name'), mesh, labels: readLabels(descriptor, document) };
}

function textField(descriptor: AnyDescriptor, document: JsonObject, field: string): string {
  const value = document[field] ?? '';
  if (typeof value !== 'string') throw malformed(descriptor, `${field}: expected text, got ${describeJson(value)}`);
  return value;
}

function readLabels(descriptor: AnyDescriptor, document: JsonObject): Record<string, string> {
  const labels = document.labels ?? {};
  if (!isObject(labels)) throw malformed(descriptor, `labels: expected an object, got ${describeJson(labels)}`);
  const read: [string, string][] = [];
  for (const key of Object.keys(labels).sort()) {
    const value = labels[key];
    if (typeof value !== 'string') throw malformed(descriptor, `labels["${key}"]: expected text, got ${describeJson(value)}`);
    read.push([key, value]);
  }
  return Object.fromEntries(read);
}

/**
 * The spec in its canonical form, from `spec` of a plugin kind or the whole document of a legacy
 * one. A wrong shape of a legacy kind throws `bad_request`; what a plugin schema refuses is added
 * to `violations`, and undefined returned.
 */
export function readSpec(descriptor: AnyDescriptor, source: unknown, violations: Violations): unknown {
  const result = descriptor.schema.safeParse(source, { reportInput: true });
  if (result.success) return result.data;
  if (descriptor.shape === 'legacy') throw malformed(descriptor, result.error.issues[0]?.message ?? 'unreadable');
  violations.addAll(schemaViolations(result.error.issues));
  return undefined;
}

function malformed(descriptor: AnyDescriptor, problem: string): MeshError {
  return new MeshError('bad_request', { public: `invalid ${descriptor.kind} object: ${JSON.stringify(problem)}` });
}

/** Refuses what would exhaust the stack of code that walks documents; itself goes no deeper than the bound. */
function checkDepth(value: unknown, depth = 0): void {
  if (depth > DEPTH_MAX) throw new MeshError('bad_request', { public: `invalid resource: nested deeper than ${DEPTH_MAX} levels` });
  if (typeof value !== 'object' || value === null) return;
  for (const each of Object.values(value)) checkDepth(each, depth + 1);
}
