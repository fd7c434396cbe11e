import { formatDuration, parseDuration, type Violations } from '@mesh/core';
import { z } from 'zod';

/** A Go duration ("1h30m", "500ms"); kept in the form Go prints it ("1h30m0s"). `msOf` reads it. */
export const goDuration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, { message: 'must be a duration like "500ms" or "1h30m"', abort: true })
  .overwrite((text) => formatDuration(parseDuration(text) ?? 0));

/** A number, or a decimal number as text: JSON of Kuma has whole numbers only. */
export const intOrDecimal = z.union([z.int(), z.string()], { error: 'must be a whole number, or a decimal number as text' });

/** Number that Kuma keeps in 32 bits. */
export const uint32 = z.int().min(0).max(0xffff_ffff);

/** Name of an HTTP header, in lower case. */
export const headerName = z
  .string()
  .min(1, { abort: true })
  .max(256)
  .regex(/^[a-z0-9!#$%&'*+\-.^_\x60|~]+$/);

const headerValue = z.object({ name: headerName, value: z.string() });

/** Headers to replace, and to add beside what is there. */
export const headerChanges = z.object({ set: z.array(headerValue).max(16).optional(), add: z.array(headerValue).max(16).optional() });

export type HeaderChangesSpec = z.infer<typeof headerChanges>;

/** Milliseconds of a duration that the schema let pass; undefined stays undefined. */
export function msOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : (parseDuration(text) ?? 0);
}

/** Value of a number, or of a decimal number as text; undefined where it is neither. */
export function numberOf(value: number | string | undefined): number | undefined {
  if (typeof value !== 'string') return value;
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value) ? Number(value) : undefined;
}

/** Reports a duration that is given and not above zero. */
export function checkPositive(text: string | undefined, at: Violations): void {
  if (text !== undefined && (msOf(text) ?? 0) <= 0) at.add('must be greater than zero when defined');
}

/** Reports a duration that is given and below zero. */
export function checkNotNegative(text: string | undefined, at: Violations): void {
  if (text !== undefined && (msOf(text) ?? 0) < 0) at.add('must not be negative when defined');
}

/** Reports a count that is given and zero. */
export function checkCount(value: number | undefined, at: Violations): void {
  if (value !== undefined && value <= 0) at.add('must be greater than 0');
}

/** Reports a whole number outside of a range that includes its bounds. */
export function checkRange(value: number | undefined, [min, max]: readonly [number, number], at: Violations): void {
  if (value !== undefined && !(value >= min && value <= max)) at.add(`must be in inclusive range [${min}, ${max}]`);
}

/** Reports a percentage that is no number, or not from 0 to 100. */
export function checkPercentage(value: number | string | undefined, at: Violations): void {
  if (value === undefined) return;
  const number = numberOf(value);
  if (number === undefined) at.add('string must be a valid number');
  else if (number < 0 || number > 100) at.add('must be in inclusive range [0.0, 100.0]');
}
