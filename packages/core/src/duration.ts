const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Parses a Go duration ("1h30m", "500ms", "0") to milliseconds (may be fractional), or
 * returns undefined where the text is none. https://pkg.go.dev/time#ParseDuration
 */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
  if (!match) return undefined;
  let ms = 0;
  for (const [, value, unit] of (match[2] ?? '').matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    ms += Number(value) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return match[1] === '-' ? -ms : ms;
}

/** Formats milliseconds the way Go prints a duration: 3600000 is "1h0m0s", 1500 is "1.5s", 25 is "25ms". */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const sign = ms < 0 ? '-' : '';
  const ns = Math.round(Math.abs(ms) * 1e6);
  if (ns < 1000) return `${sign}${ns}ns`;
  if (ns < 1e6) return `${sign}${trim(ns / 1e3)}µs`;
  if (ns < 1e9) return `${sign}${trim(ns / 1e6)}ms`;
  const hours = Math.floor(ns / 3.6e12);
  const minutes = Math.floor((ns % 3.6e12) / 6e10);
  const seconds = trim((ns % 6e10) / 1e9);
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  if (minutes > 0) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${seconds}s`;
}

/** Milliseconds of a protobuf JSON duration ("3600s", "0.025s"), or undefined where the text is none. */
export function parseProtoDuration(text: string): number | undefined {
  const match = /^(-?\d+(?:\.\d{1,9})?)s$/.exec(text);
  return match ? Number(match[1]) * 1000 : undefined;
}

/** Protobuf JSON form of a duration: seconds with up to nine decimals. */
export function formatProtoDuration(ms: number): string {
  return `${trim(Math.round(ms * 1e6) / 1e9)}s`;
}

function trim(value: number): string {
  return value.toFixed(9).replace(/\.?0+$/, '');
}
