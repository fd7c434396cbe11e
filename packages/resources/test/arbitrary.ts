import fc, { type Arbitrary } from 'fast-check';
import type { z } from 'zod';

interface Def {
  readonly type: string;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly entries?: Readonly<Record<string, string>>;
  readonly format?: string;
  readonly options?: readonly z.ZodType[];
  readonly checks?: readonly { readonly _zod: { readonly def: Check } }[];
}

interface Check {
  readonly check?: string;
  readonly pattern?: RegExp;
  readonly minimum?: number;
  readonly maximum?: number;
}

const KEY = fc.string({ minLength: 1, maxLength: 8 }).filter((key) => key !== '__proto__');

/** Values a schema takes: of the canonical form where it is one of `protoSchema`. */
export function valuesOf(schema: z.ZodType): Arbitrary<unknown> {
  const def = (schema as unknown as { _zod: { def: Def } })._zod.def;
  switch (def.type) {
    case 'pipe':
      return valuesOf(part(def.out));
    case 'optional':
    case 'default':
      return fc.option(valuesOf(part(def.innerType)), { nil: undefined });
    case 'union':
      return fc.oneof(...(def.options ?? []).map((option) => valuesOf(option)));
    case 'object':
      return fc.record(Object.fromEntries(Object.entries(def.shape ?? {}).map(([key, value]) => [key, valuesOf(value)])));
    case 'array':
      return fc.array(valuesOf(part(def.element)), { minLength: bound(def, 'min_length') ?? 0, maxLength: 3 });
    case 'record':
      return fc.dictionary(KEY, recordValue(def), { maxKeys: 3 });
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries ?? {}));
    case 'boolean':
      return fc.boolean();
    case 'number':
      return numbers(schema as z.ZodNumber);
    case 'string':
      return texts(def);
    default:
      throw new Error(`no values for a schema of type ${def.type}`);
  }
}

/** Free-form structures hold any JSON. */
function recordValue(def: Def): Arbitrary<unknown> {
  const value = part(def.valueType);
  const type = (value as unknown as { _zod: { def: Def } })._zod.def.type;
  return type === 'union' || type === 'lazy'
    ? fc.jsonValue({ maxDepth: 2 }).filter((json) => !JSON.stringify(json).includes('__proto__'))
    : valuesOf(value);
}

function numbers({ isInt, minValue, maxValue }: z.ZodNumber): Arbitrary<number> {
  if (!isInt) return fc.double({ noNaN: true, noDefaultInfinity: true });
  return fc.integer({ min: Math.max(minValue ?? 0, 0), max: Math.min(maxValue ?? 0xffff_ffff, 0xffff_ffff) });
}

/** Value of the check of that name: of a length, the least or the most. */
function bound(def: Def, check: 'min_length' | 'max_length'): number | undefined {
  const found = def.checks?.map(({ _zod }) => _zod.def).find((each) => each.check === check);
  return check === 'min_length' ? found?.minimum : found?.maximum;
}

function texts(def: Def): Arbitrary<string> {
  if (def.format === 'base64') return fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  // The one check of their own that texts have is that for durations.
  if (def.checks?.some(({ _zod }) => _zod.def.check === 'custom')) return fc.nat(1e9).map((ms) => `${ms}ms`);
  if (def.format === 'datetime')
    return fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString());
  const pattern = def.checks?.map(({ _zod }) => _zod.def.pattern).find((each) => each !== undefined);
  if (!pattern) return fc.string({ minLength: bound(def, 'min_length') ?? 0, maxLength: Math.min(bound(def, 'max_length') ?? 10, 10) });
  if (pattern.source.includes('A-Za-z0-9+')) return fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  if (pattern.source.endsWith('s$')) return fc.integer({ min: -1e9, max: 1e9 }).map((ms) => `${ms / 1000}s`);
  return fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(String);
}

function part(schema: z.ZodType | undefined): z.ZodType {
  if (!schema) throw new Error('the schema has no such part');
  return schema;
}
