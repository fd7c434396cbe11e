const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/**
 * Milliseconds of the lifetime of a certificate as `dpCert.rotation.expiration` and
 * `caCert.expiration` write it: a number with one unit of y, w, d, h, m, s, ms (contract/policies.md §3).
 * Undefined where the text is none.
 */
export function parseExpiration(text: string): number | undefined {
  const match = /^(\d{1,9})(y|w|d|h|ms|m|s)$/.exec(text);
  return match ? Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0) : undefined;
}
