import type { Json } from '@mesh/core';
import { z } from 'zod';
import { type ProtoField, ProtoJsonError, refuse } from './field.js';

/** Keeps a default value instead of leaving it out: what google.protobuf.*Value wrappers are for. */
export function wrapper<T>(field: ProtoField<T>): ProtoField<T> {
  return { ...field, read: (value, path) => field.read(value, path) ?? field.zero };
}

export const text: ProtoField<string> = {
  zero: '',
  zod: z.string(),
  read: (value, path) => {
    if (typeof value !== 'string') return refuse(path, 'text', value);
    return value === '' ? undefined : value;
  },
};

export const bool: ProtoField<boolean> = {
  zero: false,
  zod: z.boolean(),
  read: (value, path) => {
    if (typeof value !== 'boolean') return refuse(path, 'true or false', value);
    return value ? true : undefined;
  },
};

const UINT32_MAX = 0xffff_ffff;

export const uint32: ProtoField<number> = {
  zero: 0,
  zod: z.number().int().min(0).max(UINT32_MAX),
  read: (value, path) => {
    const number = readNumber(value, path, 'a whole number');
    if (!Number.isInteger(number) || number < 0 || number > UINT32_MAX)
      return refuse(path, `a whole number from 0 to ${UINT32_MAX}`, value);
    return number === 0 ? undefined : number;
  },
};

const UINT64_MAX = (1n << 64n) - 1n;

/** 64-bit numbers are strings in JSON; plain numbers are accepted while they are exact. */
export const uint64: ProtoField<string> = {
  zero: '0',
  zod: z.string().regex(/^\d+$/),
  read: (value, path) => {
    const exact =
      typeof value === 'number' ? Number.isSafeInteger(value) && value >= 0 : typeof value === 'string' && /^\d{1,20}$/.test(value);
    if (!exact) return refuse(path, 'a whole number of at most 64 bits', value);
    const number = BigInt(value as number | string);
    if (number > UINT64_MAX) return refuse(path, 'a whole number of at most 64 bits', value);
    return number === 0n ? undefined : number.toString();
  },
};

export const double: ProtoField<number> = {
  zero: 0,
  zod: z.number(),
  read: (value, path) => {
    const number = readNumber(value, path, 'a number');
    return number === 0 ? undefined : number;
  },
};

/** An enum by name (numbers are accepted too). The first value is the default one. */
export function enumOf<const T extends string>(name: string, values: readonly [T, ...T[]]): ProtoField<T> {
  return {
    zero: values[0],
    zod: z.enum(values as unknown as [T, ...T[]]) as unknown as z.ZodType<T>,
    read: (value, path) => {
      const found = typeof value === 'number' ? values[value] : values.find((v) => v === value);
      if (found === undefined)
        throw new ProtoJsonError(path, `unknown value ${JSON.stringify(value)} for enum ${name}, allowed: ${values.join(', ')}`);
      return found === values[0] ? undefined : found;
    },
  };
}

/** Standard base64; the URL alphabet and missing padding are accepted. */
export const bytes: ProtoField<string> = {
  zero: '',
  zod: z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/),
  read: (value, path) => {
    if (typeof value !== 'string') return refuse(path, 'base64 text', value);
    const digits = value.replace(/={1,2}$/, '');
    const bad = /[^A-Za-z0-9+/_-]/.exec(digits);
    if (bad) throw new ProtoJsonError(path, `illegal base64 data at input byte ${bad.index}`);
    if (digits.length % 4 === 1) throw new ProtoJsonError(path, `illegal base64 data at input byte ${digits.length}`);
    return value === '' ? undefined : Buffer.from(digits, 'base64').toString('base64');
  },
};

export const boolValue = wrapper(bool);
export const uint32Value = wrapper(uint32);
export const doubleValue = wrapper(double);
export const textValue = wrapper(text);
export const bytesValue = wrapper(bytes);

function readNumber(value: Json, path: string, expected: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) {
    const number = Number(value);
    if (Number.isFinite(number)) return number;
  }
  return refuse(path, expected, value);
}
