import type { AnyDescriptor, JsonObject } from '@mesh/core';
import { UserError } from '../errors.js';
import { goYaml } from './yaml.js';

export const OUTPUT_FORMATS = ['table', 'yaml', 'json'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Reads `-o`. */
export function outputFormat(text: string | undefined): OutputFormat {
  const found = OUTPUT_FORMATS.find((format) => format === (text ?? 'table'));
  if (!found) throw new UserError(`unknown output format "${text}", use one of ${OUTPUT_FORMATS.join(', ')}`);
  return found;
}

/** Keys every document has; YAML of one item prints them before the spec. */
const META_KEYS = ['type', 'mesh', 'name', 'creationTime', 'modificationTime', 'labels', 'kri'];

/** A list as JSON or YAML, as the server sent it. */
export function printList(list: object, format: 'json' | 'yaml'): string {
  return format === 'json' ? printJson(list) : goYaml(list);
}

/**
 * One document as JSON or YAML. In YAML the head of a legacy document comes first, then its spec;
 * a plugin document is sorted as a whole.
 */
export function printItem(descriptor: AnyDescriptor, document: JsonObject, format: 'json' | 'yaml'): string {
  if (format === 'json') return printJson(document);
  if (descriptor.shape === 'plugin') return goYaml(document);
  const entries = Object.entries(document);
  const head = Object.fromEntries(entries.filter(([key]) => META_KEYS.includes(key)));
  const body = Object.fromEntries(entries.filter(([key]) => !META_KEYS.includes(key)));
  return goYaml(head) + (Object.keys(body).length > 0 ? goYaml(body) : '');
}

/** What the API answered, as it is; JSON is brought to another format where one is asked for. */
export function printRaw(text: string, format: OutputFormat): string {
  if (format === 'table') return text.endsWith('\n') ? text : `${text}\n`;
  return printList(JSON.parse(text) as object, format);
}

function printJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
