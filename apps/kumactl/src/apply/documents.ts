import { MeshError, messageOf } from '@mesh/core';
import { type ParsedDocument, parseDocument } from '@mesh/resources';
import { LineCounter, parseAllDocuments } from 'yaml';
import { registry } from '../kinds.js';
import type { Source } from './sources.js';

/** A document may not grow beyond measure by aliases of aliases. */
const ALIASES_MAX = 100;

/** A document that can be applied. */
export interface ReadyDocument {
  readonly ok: true;
  readonly parsed: ParsedDocument;
}

/** A document that cannot, and why. */
export interface BadDocument {
  readonly ok: false;
  /** File and line where it starts. */
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
  const results: (ReadyDocument | BadDocument)[] = [];
  for (const document of documents) {
    const start = lines.linePos(document.contents?.range?.[0] ?? document.range?.[0] ?? 0);
    const place = `${source.name}:${start.line}`;
    const [error] = document.errors;
    if (error) {
      const at = lines.linePos(error.pos[0]);
      results.push({
        ok: false,
        place: `${source.name}:${at.line}:${at.col}`,
        reason: `failed to parse resource: not YAML: ${error.message}`,
      });
      continue;
    }
    try {
      const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
      if (value !== null && value !== undefined) results.push(readDocument(value, place));
    } catch (error) {
      results.push({ ok: false, place, reason: `failed to parse resource: not YAML: ${messageOf(error)}` });
    }
  }
  return results;
}

function readDocument(value: unknown, place: string): ReadyDocument | BadDocument {
  try {
    return { ok: true, parsed: parseDocument(registry, JSON.parse(JSON.stringify(value))) };
  } catch (error) {
    if (!MeshError.is(error)) throw error;
    return { ok: false, place, reason: `failed to parse resource: ${error.public}` };
  }
}
