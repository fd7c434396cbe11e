import { type Json, type JsonObject, type Normalized, TAG_PROTOCOL, TAG_SERVICE } from '@mesh/core';

/** Tags as Kuma 0.2-0.5 spelt them, and as they are spelt now. */
const RENAMED: Readonly<Record<string, string>> = { service: TAG_SERVICE, protocol: TAG_PROTOCOL };

/** Fields that hold tags in the legacy policies. */
const TAG_FIELDS: ReadonlySet<string> = new Set(['match', 'destination']);

/**
 * Brings legacy policies of Kuma 0.2-1.0 to the present form: one `rules` entry around sources and
 * destinations, a bare list as `conf`, and unprefixed tags.
 */
export function normalizeLegacyPolicy(document: JsonObject): Normalized {
  const warnings: string[] = [];
  const unwrapped = withoutRules(document, warnings);
  const split = withSplit(unwrapped, warnings);
  const renamed = renameTags(split, '', warnings) as JsonObject;
  return { document: warnings.length === 0 ? document : renamed, warnings };
}

function withoutRules(document: JsonObject, warnings: string[]): JsonObject {
  const { rules, ...rest } = document;
  if (!Array.isArray(rules) || document.sources !== undefined || document.destinations !== undefined) return document;
  const [rule] = rules;
  if (rules.length > 1) {
    warnings.push('rules: several rules in one policy are an old form, write one policy for each');
    return rest;
  }
  if (!isObject(rule)) return document;
  warnings.push('rules: is an old form, write its sources, destinations and conf at the top of the document instead');
  return { ...rest, ...rule };
}

function withSplit(document: JsonObject, warnings: string[]): JsonObject {
  if (!Array.isArray(document.conf)) return document;
  warnings.push('conf: a list is an old form, write conf: {split: [...]} instead');
  return { ...document, conf: { split: document.conf } };
}

function renameTags(value: Json, path: string, warnings: string[]): Json {
  if (Array.isArray(value)) return value.map((item, i) => renameTags(item, `${path}[${i}]`, warnings));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      const at = path === '' ? key : `${path}.${key}`;
      if (TAG_FIELDS.has(key) && isObject(field) && isTagMap(field)) return [key, renameKeys(field, at, warnings)];
      return [key, renameTags(field, at, warnings)];
    }),
  );
}

/** Matches of requests have objects where tags have text. */
function isTagMap(value: JsonObject): boolean {
  return Object.values(value).every((tag) => typeof tag === 'string');
}

/** Only a tag set without `kuma.io/service` is old: elsewhere `service` and `protocol` are tags of the user's own. */
function renameKeys(tags: JsonObject, path: string, warnings: string[]): JsonObject {
  if (tags.service === undefined || TAG_SERVICE in tags) return tags;
  return Object.fromEntries(
    Object.entries(tags).map(([key, value]) => {
      const renamed = RENAMED[key];
      if (renamed === undefined || renamed in tags) return [key, value];
      warnings.push(`${path}["${key}"]: the tag is called "${renamed}" now`);
      return [renamed, value];
    }),
  );
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
