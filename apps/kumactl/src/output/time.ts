const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;
const UNITS = [
  [YEAR_MS, 'y'],
  [DAY_MS, 'd'],
  [HOUR_MS, 'h'],
  [MINUTE_MS, 'm'],
] as const;

/** How long ago a time was, in its biggest unit: `16m`; `never` for a time that was not. */
export function age(time: string | undefined, nowMs: number): string {
  const at = parseTime(time);
  if (at === undefined) return 'never';
  const elapsedMs = Math.max(0, nowMs - at);
  for (const [unitMs, name] of UNITS) if (elapsedMs >= unitMs) return `${Math.floor(elapsedMs / unitMs)}${name}`;
  return `${Math.floor(elapsedMs / 1000)}s`;
}

/** `YYYY-MM-DD hh:mm:ss` in UTC; `-` for a time that was not set. */
export function dateTime(time: string | undefined): string {
  const at = parseTime(time);
  return at === undefined ? '-' : new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

function parseTime(time: string | undefined): number | undefined {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) || at < 0 ? undefined : at;
}
