import type { Violation } from '@mesh/core';
import { Violations } from '@mesh/core';
import type { z } from 'zod';

/**
 * Violations for what the schema of a plugin kind refused, with the paths and words of Kuma's own
 * schema check (contract/policies.md §0).
 */
export function schemaViolations(issues: readonly z.core.$ZodIssue[]): Violation[] {
  return issues.map((issue) => {
    let at = Violations.at('spec');
    for (const part of issue.path) at = typeof part === 'number' ? at.index(part) : at.field(String(part));
    return { field: at.path, message: messageOf(issue) };
  });
}

function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.input === undefined) return 'in body is required';
  switch (issue.code) {
    case 'invalid_value':
      return `in body should be one of [${issue.values.map(String).join(' ')}]`;
    case 'invalid_type':
      return `in body must be of type ${TYPE_NAMES[issue.expected] ?? issue.expected}: "${typeName(issue.input)}"`;
    case 'too_small':
      return tooSmall(issue);
    case 'too_big':
      return tooBig(issue);
    case 'invalid_format':
      return issue.format === 'regex' ? `in body should match '${unwrapped(issue.pattern ?? '')}'` : issue.message;
    default:
      return issue.message;
  }
}

function tooSmall({ origin, minimum, message }: z.core.$ZodIssueTooSmall): string {
  if (origin === 'string') return `in body should be at least ${minimum} chars long`;
  if (origin === 'array') return `in body should have at least ${minimum} items`;
  return isNumeric(origin) ? `in body should be greater than or equal to ${printNumber(Number(minimum))}` : message;
}

function tooBig({ origin, maximum, message }: z.core.$ZodIssueTooBig): string {
  if (origin === 'string') return `in body should be at most ${maximum} chars long`;
  if (origin === 'array') return `in body should have at most ${maximum} items`;
  return isNumeric(origin) ? `in body should be less than or equal to ${printNumber(Number(maximum))}` : message;
}

const TYPE_NAMES: Readonly<Record<string, string>> = { int: 'integer', record: 'object' };

function typeName(value: unknown): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
}

function isNumeric(origin: string): boolean {
  return origin === 'number' || origin === 'int';
}

/** As Go prints a float: with an exponent from a million on. */
function printNumber(value: number): string {
  return Math.abs(value) < 1e6 ? String(value) : value.toExponential().replace(/e\+(\d)$/, 'e+0$1');
}

/** The text between the slashes of a printed regular expression. */
function unwrapped(pattern: string): string {
  return pattern.replace(/^\/|\/[a-z]*$/g, '');
}
