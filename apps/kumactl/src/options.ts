import { UserError } from './errors.js';

/** Throws, as Kuma words it, where flags were not given. */
export function requireFlags(options: Readonly<Record<string, unknown>>, flags: readonly string[]): void {
  const missing = flags.filter((flag) => options[camelCase(flag)] === undefined);
  if (missing.length > 0) throw new UserError(`required flag(s) ${missing.map((flag) => `"${flag}"`).join(', ')} not set`);
}

/** Collects a flag given several times. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/**
 * Reads `key=value` flags: one pair per flag, whose value may hold commas, or several pairs
 * separated by commas, as Go's flags do.
 */
export function readPairs(flags: readonly string[] | undefined, name: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const flag of flags ?? []) {
    const parts = flag.split('=').length === 2 ? [flag] : flag.split(',');
    for (const part of parts) {
      const at = part.indexOf('=');
      if (at < 1) throw new UserError(`invalid argument "${flag}" for "--${name}" flag: ${part} must be formatted as key=value`);
      pairs.set(part.slice(0, at).trim(), part.slice(at + 1));
    }
  }
  return pairs;
}

function camelCase(flag: string): string {
  return flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
