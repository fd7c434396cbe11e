import { type Json, type JsonObject, parseDuration } from '@mesh/core';
import { z } from 'zod';
import { type ProtoField, ProtoJsonError, refuse } from './field.js';

const DURATION_SECONDS_MAX = 315_576_000_000n;

/** google.protobuf.Duration. "3600s" is the canonical form; Go durations ("1h") are read too, as Kuma does. */
export const duration: ProtoField<string> = {
  zero: '0s',
  zod: z.string().regex(/^-?\d+(\.\d{1,9})?s$/),
  read: (value, path) => {
    if (typeof value !== 'string') return refuse(path, 'a duration such as "10s"', value);
    const match = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(value);
    if (match) return printDuration(match[1] === '-', BigInt(match[2] ?? 0), (match[3] ?? '').padEnd(9, '0'));
    const ms = value.length <= 100 ? parseDuration(value) : undefined;
    if (ms === undefined || Math.abs(ms) > Number.MAX_SAFE_INTEGER / 1e3) return refuse(path, 'a duration such as "10s"', value);
    const nanos = BigInt(Math.round(Math.abs(ms) * 1e3)) * 1000n;
    return printDuration(ms < 0, nanos / 1_000_000_000n, (nanos % 1_000_000_000n).toString().padStart(9, '0'));

    function printDuration(negative: boolean, seconds: bigint, fraction: string): string {
      if (seconds > DURATION_SECONDS_MAX) return refuse(path, 'a duration of at most 10000 years', value);
      const zero = seconds === 0n && /^0*$/.test(fraction);
      return `${negative && !zero ? '-' : ''}${seconds}${printFraction(fraction)}s`;
    }
  },
};

/** google.protobuf.Timestamp, in UTC with 0, 3, 6 or 9 decimals. */
export const timestamp: ProtoField<string> = {
  zero: '1970-01-01T00:00:00Z',
  zod: z.iso.datetime(),
  read: (value, path) => {
    const match = typeof value === 'string' ? /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(value) : null;
    const local = match ? Date.parse(`${match[1]}Z`) : Number.NaN;
    const utc = match ? Date.parse(`${match[1]}${match[3]}`) : Number.NaN;
    // A date such as February 31 parses, as another day.
    const exists = !Number.isNaN(local) && match?.[1] === new Date(local).toISOString().slice(0, 19);
    if (!exists || Number.isNaN(utc)) return refuse(path, 'a time such as "2006-01-02T15:04:05Z"', value);
    const seconds = new Date(utc).toISOString().slice(0, -5);
    if (!/^\d{4}-/.test(seconds)) return refuse(path, 'a time of the years 0 to 9999', value);
    return `${seconds}${printFraction((match[2] ?? '').padEnd(9, '0'))}Z`;
  },
};

const STRUCT_DEPTH_MAX = 100;

/** google.protobuf.Struct: any JSON object; keys come out sorted. */
export const struct: ProtoField<JsonObject> = {
  zero: {},
  zod: z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>,
  read: (value, path) => {
    if (!isObject(value)) return refuse(path, 'an object', value);
    return sortJson(value, path, 0) as JsonObject;
  },
};

/** Whether a JSON value is an object (not a list, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Refuses the one key that would change the prototype of the object it is set on. */
export function checkKey(key: string, path: string): void {
  if (key === '__proto__') throw new ProtoJsonError(path, '"__proto__" is not allowed as a key');
}

function sortJson(value: Json, path: string, depth: number): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > STRUCT_DEPTH_MAX) throw new ProtoJsonError(path, `nested deeper than ${STRUCT_DEPTH_MAX} levels`);
  if (Array.isArray(value)) return value.map((item) => sortJson(item, path, depth + 1));
  const sorted: JsonObject = {};
  for (const key of Object.keys(value).sort()) {
    checkKey(key, path);
    sorted[key] = sortJson(value[key] ?? null, path, depth + 1);
  }
  return sorted;
}

function printFraction(nanos: string): string {
  const fraction = nanos.replace(/^(\d{6})000$/, '$1').replace(/^(\d{3})000$/, '$1');
  return fraction === '000' ? '' : `.${fraction}`;
}
