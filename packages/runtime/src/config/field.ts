import { formatDuration, type Json, parseDuration } from '@mesh/core';
import { z } from 'zod';

/** Outcome of reading one value: the value, or a reason in words. */
export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/** One configuration key: its type, default, names and meaning. */
export interface Field<T> {
  readonly type: 'field';
  readonly default: T;
  /** One line for users: what the key does. */
  readonly doc: string;
  /** What may be written, for the message of a mistake. */
  readonly allowed: string;
  /** Last part of the variable name, where it is not the key in upper snake case; null: YAML only; a leading `KUMA_` makes it the whole name. */
  readonly env?: string | null;
  /** Printed as `*****`. */
  readonly secret: boolean;
  readonly schema: z.ZodType<T>;
  /** Reads the text of an environment variable. */
  fromText(text: string): Decoded<unknown>;
  /** Reads a YAML value. */
  fromYaml(value: unknown): Decoded<unknown>;
  /** JSON form as Kuma prints it. */
  print(value: T): Json;
}

export type Fields = { readonly [key: string]: Field<unknown> | Section<Fields> };

/** A group of keys; nests. */
export interface Section<F extends Fields> {
  readonly type: 'section';
  /** Replaces the key's own part in the variable names below. */
  readonly env?: string;
  readonly fields: F;
}

/** The plain object a section describes. Durations are milliseconds. */
export type ConfigOf<S> =
  S extends Section<infer F> ? { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : ConfigOf<F[K]> } : never;

export interface FieldOptions {
  readonly env?: string | null;
  readonly secret?: boolean;
}

/** Groups keys. */
export function section<F extends Fields>(fields: F, options: { env?: string } = {}): Section<F> {
  return { type: 'section', fields, ...options };
}

/** How the doc of a key begins that is read and printed, and changes nothing. */
export const INERT_DOC = 'Accepted for Kuma';

/** A section whose keys are all read and printed, and change nothing. */
export function inertSection<S extends Section<Fields>>(keys: S, why: string): S {
  const doc = `${INERT_DOC}; ${why}`;
  const fields = Object.entries(keys.fields).map(([name, child]) => [
    name,
    child.type === 'section' ? inertSection(child, why) : { ...child, doc },
  ]);
  return { ...keys, fields: Object.fromEntries(fields) as S['fields'] };
}

const fail = { ok: false } as const;
const ok = <T>(value: T): Decoded<T> => ({ ok: true, value });
const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** A boolean; variables are read as Go's strconv.ParseBool. */
export function bool(value: boolean, doc: string, options: FieldOptions = {}): Field<boolean> {
  const fromText = (text: string): Decoded<unknown> => (TRUE.has(text) ? ok(true) : FALSE.has(text) ? ok(false) : fail);
  return {
    ...base(doc, options),
    default: value,
    allowed: 'true or false',
    schema: z.boolean(),
    fromText,
    fromYaml: (raw) => (typeof raw === 'string' ? fromText(raw) : ok(raw)),
    print: (v) => v,
  };
}

/** A whole number between `min` and `max`, both included. */
export function int(value: number, doc: string, options: FieldOptions & { min?: number; max?: number } = {}): Field<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  const fromText = (text: string): Decoded<unknown> => (/^[+-]?\d{1,16}$/.test(text.trim()) ? ok(Number(text)) : fail);
  return {
    ...base(doc, options),
    default: value,
    allowed: max === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`,
    schema: z.int().min(min).max(max),
    fromText,
    fromYaml: (raw) => (typeof raw === 'string' ? fromText(raw) : ok(raw)),
    print: (v) => v,
  };
}

/** A whole number, or `auto` (the default) where the program is to decide. */
export function intOrAuto(doc: string): Field<number | 'auto'> {
  const fromText = (text: string): Decoded<unknown> => {
    const given = text.trim().toLowerCase();
    return given === 'auto' ? ok('auto') : /^\d{1,4}$/.test(given) ? ok(Number(given)) : fail;
  };
  return {
    ...base(doc, {}),
    default: 'auto',
    allowed: 'auto, or a whole number from 0 to 9999',
    schema: z.union([z.literal('auto'), z.int().min(0).max(9999)]),
    fromText,
    fromYaml: (raw) => (typeof raw === 'string' ? fromText(raw) : ok(raw)),
    print: (v) => v,
  };
}

/** A TCP or UDP port; 0 lets the system choose one. */
export function port(value: number, doc: string, options: FieldOptions = {}): Field<number> {
  return int(value, doc, { ...options, min: 0, max: 65535 });
}

/** A Go duration, held in milliseconds; a bare YAML number means nanoseconds, as in Kuma. */
export function duration(value: string, doc: string, options: FieldOptions & { min?: string } = {}): Field<number> {
  const min = parseDuration(options.min ?? '0') ?? 0;
  const fromText = (text: string): Decoded<unknown> => {
    const ms = parseDuration(text.trim());
    return ms === undefined ? fail : ok(ms);
  };
  return {
    ...base(doc, options),
    default: parseDuration(value) ?? 0,
    allowed: `a duration such as 500ms, 10s or 1h30m, at least ${formatDuration(min)}`,
    schema: z.number().min(min).max(Number.MAX_SAFE_INTEGER),
    fromText,
    fromYaml: (raw) => (typeof raw === 'number' ? ok(raw / 1e6) : typeof raw === 'string' ? fromText(raw) : fail),
    print: (v) => formatDuration(v),
  };
}

export interface StringOptions extends FieldOptions {
  readonly pattern?: RegExp;
  readonly allowed?: string;
}

/** A text; with `pattern`, one of that form. */
export function str(value: string, doc: string, options: StringOptions = {}): Field<string> {
  return {
    ...base(doc, options),
    default: value,
    allowed: options.allowed ?? 'a text',
    schema: options.pattern ? z.string().regex(options.pattern) : z.string(),
    fromText: (text) => ok(text),
    fromYaml: (raw) => ok(typeof raw === 'number' || typeof raw === 'boolean' ? String(raw) : raw === null ? '' : raw),
    print: (v) => (options.secret ? '*****' : v),
  };
}

/** One of some texts. */
export function oneOf<const T extends string>(values: readonly T[], value: T, doc: string): Field<T> {
  return {
    ...base(doc, {}),
    default: value,
    allowed: `one of ${values.map((v) => (v === '' ? '""' : v)).join(', ')}`,
    schema: z.enum(values as readonly string[] as [T, ...T[]]) as unknown as z.ZodType<T>,
    fromText: (text) => ok(text),
    fromYaml: (raw) => ok(raw ?? ''),
    print: (v) => v,
  };
}

/** A list of texts; comma separated in variables. */
export function list(value: readonly string[], doc: string, options: FieldOptions = {}): Field<readonly string[]> {
  const fromText = (text: string): Decoded<unknown> =>
    ok(
      text.trim() === ''
        ? []
        : text
            .split(',')
            .map((item) => item.trim())
            .filter((item) => item !== ''),
    );
  return {
    ...base(doc, options),
    default: value,
    allowed: 'a list of texts (comma separated in the variable)',
    schema: z.array(z.string()),
    fromText,
    fromYaml: (raw) => (typeof raw === 'string' ? fromText(raw) : ok(raw ?? [])),
    print: (v) => [...v],
  };
}

/** A list of some texts; comma separated in variables. */
export function listOf(
  values: readonly string[],
  doc: string,
  options: { readonly value?: readonly string[]; readonly env?: string } = {},
): Field<readonly string[]> {
  return {
    ...list(options.value ?? [], doc, options.env === undefined ? {} : { env: options.env }),
    allowed: `a list of ${values.join(', ')}`,
    schema: z.array(z.enum(values as readonly string[] as [string, ...string[]])),
  };
}

/** A value that only YAML can hold: a list of objects or a map. */
export function yamlOnly<T>(schema: z.ZodType<T>, value: T, doc: { text: string; allowed: string }): Field<T> {
  return {
    ...base(doc.text, { env: null }),
    default: value,
    allowed: doc.allowed,
    schema,
    fromText: () => fail,
    fromYaml: (raw) => ok(raw ?? value),
    print: (v) => JSON.parse(JSON.stringify(v)) as Json,
  };
}

/** A list of objects; JSON or YAML text in the variable. */
export function objects<T>(schema: z.ZodType<readonly T[]>, doc: { text: string; allowed: string }): Field<readonly T[]> {
  const field = yamlOnly<readonly T[]>(schema, [], { ...doc, allowed: `${doc.allowed} (as JSON in the variable)` });
  const { env: _, ...rest } = field;
  return { ...rest, fromText: (text) => (text.trim() === '' ? ok([]) : parsed(text)) };
}

function parsed(text: string): Decoded<unknown> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return fail;
  }
}

function base(doc: string, options: FieldOptions) {
  return { type: 'field' as const, doc, secret: options.secret ?? false, ...(options.env !== undefined ? { env: options.env } : {}) };
}

/** `tlsCertFile` to `TLS_CERT_FILE`, `dnsCacheTTL` to `DNS_CACHE_TTL`. */
export function upperSnake(key: string): string {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toUpperCase();
}

/** A field with its place: YAML path and variable name. */
export interface PlacedField {
  readonly path: readonly string[];
  /** Undefined where only YAML can set it. */
  readonly env: string | undefined;
  readonly field: Field<unknown>;
}

/** Every field below a section, in order, with its names. */
export function placeFields(root: Section<Fields>, prefix = 'KUMA'): PlacedField[] {
  const placed: PlacedField[] = [];
  const walk = (at: Section<Fields>, path: readonly string[], env: string): void => {
    for (const [key, child] of Object.entries(at.fields)) {
      const childPath = [...path, key];
      const part = child.env ?? upperSnake(key);
      const name = part.startsWith('KUMA_') ? part : part === '' ? env : `${env}_${part}`;
      if (child.type === 'section') walk(child, childPath, name);
      else placed.push({ path: childPath, env: child.env === null ? undefined : name, field: child });
    }
  };
  walk(root, [], prefix);
  return placed;
}
