import { type AnyDescriptor, checkName, type DescriptorRegistry, MeshError, messageOf, type Violation } from '@mesh/core';
import { isObject, type ParsedDocument, parseDocument } from '@mesh/resources';
import { parseJsonBody } from '../http/json-body.js';

/** Where a document was sent. */
export interface DocumentTarget {
  readonly descriptor: AnyDescriptor;
  /** Empty for kinds of global scope. */
  readonly mesh: string;
  readonly name: string;
}

/**
 * Reads the body of a `PUT`: JSON, agreement of body and URL, then the descriptor's own rules.
 * Throws `bad_request` for what cannot be read and `invalid` with all violations at once.
 */
export function readDocument(registry: DescriptorRegistry, body: Uint8Array, target: DocumentTarget): ParsedDocument {
  const { descriptor } = target;
  const document = parseJson(descriptor.kind, body) ?? {};
  if (!isObject(document)) throw unreadable(descriptor.kind, 'a resource is a JSON object');
  const mismatches = compareWithUrl(document, target);
  if (document.type !== descriptor.kind) {
    throw new MeshError('invalid', { violations: [...mismatches, ...nameViolations(document.name)] });
  }
  try {
    const parsed = parseDocument(registry, document);
    if (mismatches.length > 0) throw new MeshError('invalid', { violations: [] });
    return parsed;
  } catch (error) {
    if (!MeshError.is(error, 'invalid')) throw error;
    throw new MeshError('invalid', { violations: [...mismatches, ...error.violations] });
  }
}

function parseJson(kind: string, body: Uint8Array): unknown {
  try {
    return parseJsonBody(body);
  } catch (cause) {
    throw unreadable(kind, messageOf(cause).slice(0, 300));
  }
}

function unreadable(kind: string, problem: string): MeshError {
  return new MeshError('bad_request', { public: `invalid ${kind} object: ${JSON.stringify(problem)}` });
}

function compareWithUrl(document: Record<string, unknown>, target: DocumentTarget): Violation[] {
  const { descriptor } = target;
  const violations: Violation[] = [];
  const compare = (field: string, expected: string, actual: unknown): void => {
    if (actual !== expected) violations.push({ field, message: `${field} from the URL has to be the same as in body` });
  };
  compare('name', target.name, document.name);
  compare('type', descriptor.kind, document.type);
  if (descriptor.scope === 'Mesh') {
    compare('mesh', target.mesh, document.mesh || (descriptor.shape === 'plugin' ? 'default' : ''));
  }
  return violations;
}

function nameViolations(name: unknown): Violation[] {
  const message = checkName(typeof name === 'string' ? name : '');
  return message === undefined ? [] : [{ field: 'name', message }];
}
