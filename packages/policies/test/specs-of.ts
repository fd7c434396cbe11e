import fc, { type Arbitrary } from 'fast-check';
import type { z } from 'zod';

interface Def {
  readonly type: string;
  readonly out?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly entries?: Readonly<Record<string, string>>;
  readonly values?: readonly string[];
  readonly checks?: readonly { readonly _zod: { readonly def: Check } }[];
}

interface Check {
  readonly check: string;
  readonly pattern?: RegExp;
  readonly value?: number | bigint;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly tx?: unknown;
}

const KEY = fc.string({ minLength: 1, maxLength: 8 }).filter((key) => key !== '__proto__');
const JSON_VALUE = fc.jsonValue({ maxDepth: 2 }).filter((json) => !JSON.stringify(json).includes('__proto__'));

/** Specs that a schema takes, of legacy kinds as well as of plugin kinds. */
export function specsOf(schema: z.ZodType): Arbitrary<unknown> {
  const def = defOf(schema);
  switch (def.type) {
    case 'pipe':
      return specsOf(part(def.out));
    case 'optional':
    case 'default':
    case 'prefault':
      return fc.option(specsOf(part(def.innerType)), { nil: undefined });
    case 'object':
      return fc.record(Object.fromEntries(Object.entries(def.shape ?? {}).map(([key, value]) => [key, specsOf(value)])));
    case 'array':
      return fc.array(specsOf(part(def.element)), { maxLength: bound(def, 'max_length') ?? 2 });
    case 'record':
      return fc.dictionary(KEY, specsOf(part(def.valueType)), { maxKeys: 2 });
    case 'union':
      return fc.oneof(...(def.options ?? []).map(specsOf));
    case 'lazy':
      return JSON_VALUE;
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries ?? {}));
    case 'literal':
      return fc.constantFrom(...(def.values ?? []));
    case 'boolean':
      return fc.boolean();
    case 'number':
      return numbers(schema as z.ZodNumber, def);
    case 'string':
      return texts(def);
    default:
      throw new Error(`no values for a schema of type ${def.type}`);
  }
}

function numbers(schema: z.ZodNumber, def: Def): Arbitrary<number> {
  if (!schema.isInt) return fc.double({ noNaN: true, noDefaultInfinity: true });
  const min = Math.max(bound(def, 'greater_than') ?? -1000, -1000);
  return fc.integer({ min, max: Math.min(bound(def, 'less_than') ?? 100_000, 100_000) });
}

function texts(def: Def): Arbitrary<string> {
  const checks = (def.checks ?? []).map(({ _zod }) => _zod.def);
  // Go durations are the texts that are rewritten.
  if (checks.some(({ check }) => check === 'overwrite')) return fc.constantFrom('0s', '1h', '90m', '1500ms', '-5s', '1h30m0.5s');
  const pattern = checks.find((check) => check.pattern)?.pattern;
  if (!pattern) return fc.string({ minLength: bound(def, 'min_length') ?? 0, maxLength: 10 });
  if (pattern.source.includes('A-Za-z0-9+')) return fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('base64'));
  if (pattern.source.endsWith('s$')) return fc.integer({ min: -1e9, max: 1e9 }).map((ms) => `${ms / 1000}s`);
  if (pattern.source.endsWith('\\d+$')) return fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(String);
  return fc.constantFrom('x-a', 'b', 'retry-after').filter((text) => pattern.test(text));
}

function bound(def: Def, name: string): number | undefined {
  const found = (def.checks ?? []).map(({ _zod }) => _zod.def).find(({ check }) => check === name);
  const value = found?.value ?? found?.minimum ?? found?.maximum;
  return value === undefined ? undefined : Number(value);
}

function defOf(schema: z.ZodType): Def {
  return (schema as unknown as { _zod: { def: Def } })._zod.def;
}

function part(schema: z.ZodType | undefined): z.ZodType {
  if (!schema) throw new Error('the schema has no such part');
  return schema;
}
