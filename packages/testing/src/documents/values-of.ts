import type { AnyDescriptor } from '@mesh/core';
import fc, { type Arbitrary } from 'fast-check';

/** The schema of a kind. */
type Schema = AnyDescriptor['schema'];

interface Def {
  readonly type: string;
  readonly out?: Schema;
  readonly innerType?: Schema;
  readonly element?: Schema;
  readonly valueType?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly entries?: Readonly<Record<string, string>>;
  readonly values?: readonly string[];
  readonly format?: string;
  readonly options?: readonly Schema[];
  readonly checks?: readonly { readonly _zod: { readonly def: Check } }[];
}

interface Check {
  readonly check?: string;
  readonly pattern?: RegExp;
  readonly minimum?: number;
  readonly maximum?: number;
}

const KEY = fc.string({ minLength: 1, maxLength: 8 }).filter((key) => key !== '__proto__');
const JSON_VALUE = fc.jsonValue({ maxDepth: 2 }).filter((json) => !JSON.stringify(json).includes('__proto__'));
/** Parts of values that may be any JSON. */
const FREE_FORMS = new Set(['lazy', 'null', 'record']);

/** Specs that the schema of a kind takes: of the canonical form where it is one of `protoSchema`. */
export function valuesOf(schema: Schema): Arbitrary<unknown> {
  const def = defOf(schema);
  switch (def.type) {
    case 'pipe':
      return valuesOf(part(def.out));
    case 'optional':
    case 'default':
    case 'prefault':
      return fc.option(valuesOf(part(def.innerType)), { nil: undefined });
    case 'union':
      return unions(def.options ?? []);
    case 'lazy':
      return JSON_VALUE;
    case 'object':
      return fc.record(Object.fromEntries(Object.entries(def.shape ?? {}).map(([key, value]) => [key, valuesOf(value)])));
    case 'array': {
      const minLength = bound(def, 'min_length') ?? 0;
      return fc.array(valuesOf(part(def.element)), { minLength, maxLength: bound(def, 'max_length') ?? minLength + 2 });
    }
    case 'record':
      return fc.dictionary(KEY, valuesOf(part(def.valueType)), { maxKeys: 3 });
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries ?? {}));
    case 'literal':
      return fc.constantFrom(...(def.values ?? []));
    case 'boolean':
      return fc.boolean();
    case 'number':
      return numbers(schema);
    case 'string':
      return texts(def);
    default:
      throw new Error(`no values for a schema of type ${def.type}`);
  }
}

function unions(options: readonly Schema[]): Arbitrary<unknown> {
  if (options.some((option) => FREE_FORMS.has(defOf(option).type))) return JSON_VALUE;
  return fc.oneof(...options.map(valuesOf));
}

function numbers(schema: Schema): Arbitrary<number> {
  const { isInt, minValue, maxValue } = schema as unknown as { isInt: boolean; minValue: number | null; maxValue: number | null };
  if (!isInt) return fc.double({ noNaN: true, noDefaultInfinity: true });
  return fc.integer({ min: Math.max(minValue ?? -1_000, -1_000), max: Math.min(maxValue ?? 0xffff_ffff, 0xffff_ffff) });
}

function texts(def: Def): Arbitrary<string> {
  const checks = (def.checks ?? []).map(({ _zod }) => _zod.def);
  if (def.format === 'base64') return base64();
  if (def.format === 'datetime')
    return fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString());
  // Go durations are the texts that are rewritten, or have a check of their own.
  if (checks.some(({ check }) => check === 'overwrite')) return fc.constantFrom('0s', '1h', '90m', '1500ms', '-5s', '1h30m0.5s');
  if (checks.some(({ check }) => check === 'custom')) return fc.nat(1e9).map((ms) => `${ms}ms`);
  const pattern = checks.find((check) => check.pattern)?.pattern;
  if (!pattern) return fc.string({ minLength: bound(def, 'min_length') ?? 0, maxLength: Math.min(bound(def, 'max_length') ?? 10, 10) });
  if (pattern.source.includes('A-Za-z0-9+')) return base64();
  if (pattern.source.endsWith('s$')) return fc.integer({ min: -1e9, max: 1e9 }).map((ms) => `${ms / 1000}s`);
  if (pattern.source.endsWith('\\d+$')) return fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(String);
  const fitting = ['x-a', 'b', 'retry-after', '1'].filter((text) => pattern.test(text));
  if (fitting.length === 0) throw new Error(`no texts for ${pattern}`);
  return fc.constantFrom(...fitting);
}

function base64(): Arbitrary<string> {
  return fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('base64'));
}

/** Value of the check of that name: of a length, the least or the most. */
function bound(def: Def, check: 'min_length' | 'max_length'): number | undefined {
  const found = def.checks?.map(({ _zod }) => _zod.def).find((each) => each.check === check);
  return check === 'min_length' ? found?.minimum : found?.maximum;
}

function defOf(schema: Schema): Def {
  return (schema as unknown as { _zod: { def: Def } })._zod.def;
}

function part(schema: Schema | undefined): Schema {
  if (!schema) throw new Error('the schema has no such part');
  return schema;
}
