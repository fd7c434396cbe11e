import { MeshError, messageOf, type Violation } from '@mesh/core';
import { type ParsedDocument, parseDocument } from '@mesh/resources';
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { registry } from '../kinds.js';
import { locate } from './locate.js';
import type { Source } from './sources.js';

/** A document may not grow beyond measure by aliases of aliases. */
const ALIASES_MAX = 100;

/** A document that can be applied. */
export interface ReadyDocument {
  readonly ok: true;
  readonly parsed: ParsedDocument;
  /** File and line where it starts. */
  readonly place: string;
}

/** A document that cannot, and every reason why. */
export interface BadDocument {
  readonly ok: false;
  readonly problems: readonly Problem[];
}

interface Problem {
  /** File, line and column. */
  readonly place: string;
  readonly reason: string;
}

/** Replaces `{{ name }}` by its value; what no variable names stays as it is. */
export function fillVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\{\{\{?\s*([\w-][\w.-]*)\s*\}?\}\}/g, (whole, name: string) => variables.get(name) ?? whole);
}

/** Reads every document of a text; each is checked by the rules of its kind, and all mistakes are reported. */
export function readDocuments(source: Source, variables: ReadonlyMap<string, string>): (ReadyDocument | BadDocument)[] {
  const text = fillVariables(source.text, variables);
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => readDocument(document, { lines, name: source.name }));
}

/** Where documents come from. */
interface Origin {
  readonly lines: LineCounter;
  readonly name: string;
}

function readDocument(document: Document.Parsed, origin: Origin): (ReadyDocument | BadDocument)[] {
  const { lines, name } = origin;
  const start = lines.linePos(document.contents?.range?.[0] ?? document.range[0]);
  const place = `${name}:${start.line}`;
  const [error] = document.errors;
  if (error) {
    const at = lines.linePos(error.pos[0]);
    return [bad(`${name}:${at.line}:${at.col}`, `failed to parse resource: not YAML: ${error.message}`)];
  }
  let value: unknown;
  try {
    const read: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
    // Fails where a document holds itself, too.
    value = read === undefined ? null : JSON.parse(JSON.stringify(read));
  } catch (unreadable) {
    return [bad(place, `failed to parse resource: not YAML: ${messageOf(unreadable)}`)];
  }
  if (value === null) return [];
  try {
    return [{ ok: true, parsed: parseDocument(registry, value), place }];
  } catch (refused) {
    if (!MeshError.is(refused)) throw refused;
    return [{ ok: false, problems: problemsOf(refused, document, origin) }];
  }
}

function bad(place: string, reason: string): BadDocument {
  return { ok: false, problems: [{ place, reason }] };
}

/** One problem per broken rule, each at its field. */
function problemsOf(error: MeshError, document: Document.Parsed, { lines, name }: Origin): Problem[] {
  const violations: readonly Violation[] = error.violations.length > 0 ? error.violations : [{ field: fieldIn(error.public), message: '' }];
  return violations.map(({ field, message }) => {
    const { line, col } = locate(document, lines, field);
    const reason = message === '' ? error.public : `${field}: ${message}`;
    return { place: `${name}:${line}:${col}`, reason: `failed to parse resource: ${reason}` };
  });
}

/** The field that a message about the shape of a document begins with: `invalid Mesh object: "mtls.backends: expected …"`. */
function fieldIn(message: string): string {
  if (message.startsWith('invalid resource type')) return 'type';
  return /^invalid \w+ object: "([^\s:]+): /.exec(message)?.[1]?.replaceAll('\\"', '"') ?? '';
}
