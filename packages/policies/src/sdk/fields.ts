import { parseDuration, type Violations } from '@mesh/core';
import { z } from 'zod';

/** A Go duration ("1h30m", "500ms"), as text; `msOf` reads it. */
export const goDuration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, { message: 'must be a duration like "500ms" or "1h30m"' });

/** Milliseconds of a duration that the schema let pass; undefined stays undefined. */
export function msOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : (parseDuration(text) ?? 0);
}

/** Reports a duration that is given and not above zero. */
export function checkPositive(text: string | undefined, at: Violations): void {
  if (text !== undefined && (msOf(text) ?? 0) <= 0) at.add('must be greater than zero when defined');
}

/** Reports a duration that is given and below zero. */
export function checkNotNegative(text: string | undefined, at: Violations): void {
  if (text !== undefined && (msOf(text) ?? 0) < 0) at.add('must not be negative when defined');
}
