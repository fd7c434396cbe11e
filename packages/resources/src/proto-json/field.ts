import type { Json } from '@mesh/core';
import type { z } from 'zod';

/** A document that has the wrong shape. The text is shown to the user inside `invalid <Kind> object`. */
export class ProtoJsonError extends Error {
  constructor(path: string, problem: string) {
    super(path === '' ? problem : `${path}: ${problem}`);
    this.name = 'ProtoJsonError';
  }
}

/**
 * How one protobuf field is read from JSON, as https://protobuf.dev/programming-guides/json/ says,
 * and what its canonical form looks like.
 */
export interface ProtoField<T> {
  /**
   * The canonical value, or undefined where the value is the default one, which proto3 JSON
   * leaves out. Throws ProtoJsonError where the value has the wrong type.
   */
  read(value: Json, path: string): T | undefined;
  /** What `read` means by undefined; stands for a default value inside a list. */
  readonly zero: T;
  /** Shape of the canonical form, for OpenAPI and for typing. */
  readonly zod: z.ZodType<T>;
}

/** What a JSON value is, in words. */
export function describeJson(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** Fails with "expected X, got Y". */
export function refuse(path: string, expected: string, value: unknown): never {
  throw new ProtoJsonError(path, `expected ${expected}, got ${describeJson(value)}`);
}
