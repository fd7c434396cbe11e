import type { Json, JsonObject } from '@mesh/core';
import { z } from 'zod';
import type { ProtoField } from './field.js';
import { ProtoJsonError, refuse } from './field.js';
import { checkKey, isObject } from './well-known.js';

/** One field for each property of the spec type, in the order the message declares them. */
export type ProtoFields<T> = { readonly [K in keyof T]-?: ProtoField<NonNullable<T[K]>> };

/**
 * A message: keys in camelCase or snake_case, null is absent, unknown keys are dropped, the
 * canonical form has the order of the declaration. An empty message is not left out.
 */
export function message<T extends object>(fields: ProtoFields<T>): ProtoField<T> {
  const entries = Object.entries(fields) as [string, ProtoField<unknown>][];
  const readers = entries.map(([name, field]) => ({ name, snake: snakeCase(name), field }));
  const shape = Object.fromEntries(entries.map(([name, field]) => [name, field.zod.optional()]));
  return {
    zero: {} as T,
    zod: z.object(shape) as unknown as z.ZodType<T>,
    read: (value, path) => {
      if (!isObject(value)) return refuse(path, 'an object', value);
      const canonical: Record<string, unknown> = {};
      for (const { name, snake, field } of readers) {
        const given = own(value, name) ?? own(value, snake);
        if (given === undefined || given === null) continue;
        const read = field.read(given, path === '' ? name : `${path}.${name}`);
        if (read !== undefined) canonical[name] = read;
      }
      return canonical as T;
    },
  };
}

/** A list; empty is the default. */
export function repeated<T>(item: ProtoField<T>): ProtoField<readonly T[]> {
  return {
    zero: [],
    zod: z.array(item.zod) as unknown as z.ZodType<readonly T[]>,
    read: (value, path) => {
      if (!Array.isArray(value)) return refuse(path, 'a list', value);
      if (value.length === 0) return undefined;
      return value.map((each, i) => (each === null ? item.zero : (item.read(each, `${path}[${i}]`) ?? item.zero)));
    },
  };
}

/** A map with text keys, sorted; empty is the default. */
export function map<T>(item: ProtoField<T>): ProtoField<Readonly<Record<string, T>>> {
  return {
    zero: {},
    zod: z.record(z.string(), item.zod) as unknown as z.ZodType<Readonly<Record<string, T>>>,
    read: (value, path) => {
      if (!isObject(value)) return refuse(path, 'an object', value);
      const canonical: Record<string, T> = {};
      for (const key of Object.keys(value).sort()) {
        checkKey(key, path);
        const at = `${path}["${key}"]`;
        const given = value[key];
        if (given === undefined || given === null) throw new ProtoJsonError(at, 'null is not a value');
        canonical[key] = item.read(given, at) ?? item.zero;
      }
      return Object.keys(canonical).length === 0 ? undefined : canonical;
    },
  };
}

/** A schema for descriptors: reads any spelling proto3 JSON allows and gives the canonical form. */
export function protoSchema<T>(field: ProtoField<T>): z.ZodType<T> {
  return z.preprocess((value, context) => {
    try {
      return field.read(value as Json, '') ?? field.zero;
    } catch (error) {
      if (!(error instanceof ProtoJsonError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  }, field.zod);
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
