import type { JsonObject, Violations } from '@mesh/core';
import { parse } from 'yaml';

/** A message of Envoy that users write as YAML, and what has to be in one that is not merged into another. */
const REQUIRED = {
  Cluster: ['name'],
  Listener: [],
  Filter: ['name'],
  HttpFilter: ['name'],
  VirtualHost: ['name', 'domains'],
} as const;

export type EnvoyMessage = keyof typeof REQUIRED;

/** The object that a text in YAML or JSON holds, or why it holds none. */
export function readEnvoyValue(text: string): { readonly value: JsonObject } | { readonly problem: string } {
  try {
    const value: unknown = parse(text, { maxAliasCount: 100 });
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { value: value as JsonObject };
    return { problem: `expected an object, got ${Array.isArray(value) ? 'a list' : JSON.stringify(value)}` };
  } catch (error) {
    return { problem: error instanceof Error ? (error.message.split('\n')[0] ?? '').replace(/:$/, '') : String(error) };
  }
}

/** What a text has to hold. */
export interface EnvoyValueRules {
  readonly message: EnvoyMessage;
  /** It is not merged into another one, so that nothing may be missing. */
  readonly whole: boolean;
}

/** Reports a text that holds no such message, or one that lacks what Envoy asks for. */
export function checkEnvoyValue(text: string, { message, whole }: EnvoyValueRules, at: Violations): void {
  const read = readEnvoyValue(text);
  if ('problem' in read) {
    at.add(`native Envoy resource is not valid: ${read.problem}`);
    return;
  }
  if (!whole) return;
  const missing = REQUIRED[message].find((field) => isEmpty(read.value[field]));
  if (missing === 'name') at.add(`native Envoy resource is not valid: invalid ${message}.Name: value length must be at least 1 runes`);
  if (missing === 'domains')
    at.add(`native Envoy resource is not valid: invalid ${message}.Domains: value must contain at least 1 item(s)`);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}
