import type { Draft } from './tree.js';

/** Result of translating names of Kuma 0.x. */
export interface LegacyEnv {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly warnings: readonly string[];
}

const RENAMED_VARIABLES: ReadonlyArray<readonly [old: string, now: string]> = [
  ['KUMA_MODE_MODE', 'KUMA_MODE'],
  ['KUMA_MODE_REMOTE_ZONE', 'KUMA_MULTIZONE_ZONE_NAME'],
  ['KUMA_MULTIZONE_REMOTE_ZONE', 'KUMA_MULTIZONE_ZONE_NAME'],
  ['KUMA_MULTIZONE_REMOTE_GLOBAL_ADDRESS', 'KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS'],
  ['KUMA_MULTIZONE_REMOTE_KDS_ROOT_CA_FILE', 'KUMA_MULTIZONE_ZONE_KDS_ROOT_CA_FILE'],
];

/** Whether a variable is an old name of another one. */
export function isRenamedVariable(name: string): boolean {
  return RENAMED_VARIABLES.some(([old]) => old === name);
}

const RENAMED_MODES: Readonly<Record<string, string>> = { standalone: 'zone', remote: 'zone' };

/** Translates variables of Kuma 0.x (`KUMA_MODE_MODE=remote`); a new name that is set as well wins. */
export function translateEnv(env: Readonly<Record<string, string | undefined>>): LegacyEnv {
  const warnings: string[] = [];
  const result: Record<string, string | undefined> = { ...env };
  for (const [old, now] of RENAMED_VARIABLES) {
    if (result[old] === undefined) continue;
    warnings.push(`${old} is deprecated: use ${now}`);
    result[now] ??= result[old];
  }
  const mode = result.KUMA_MODE;
  if (mode !== undefined && Object.hasOwn(RENAMED_MODES, mode)) {
    warnings.push(`mode "${mode}" is deprecated: use "${RENAMED_MODES[mode]}"`);
    result.KUMA_MODE = RENAMED_MODES[mode];
  }
  return { env: result, warnings };
}

/**
 * Translates the YAML of Kuma 0.x: `mode: {mode: remote, remote: {zone: x}}` and
 * `mode: {global: {lbaddress, zones}}`. The list of zones has no meaning any more: zones dial the global.
 */
export function translateYaml(document: Draft): { document: Draft; warnings: readonly string[] } {
  const key = Object.keys(document).find((name) => name.toLowerCase() === 'mode');
  if (key === undefined) return { document, warnings: [] };
  const mode = document[key];
  if (typeof mode === 'string' && Object.hasOwn(RENAMED_MODES, mode)) {
    return {
      document: { ...document, [key]: RENAMED_MODES[mode] },
      warnings: [`mode "${mode}" is deprecated: use "${RENAMED_MODES[mode]}"`],
    };
  }
  if (!isMapping(mode)) return { document, warnings: [] };
  const parts = lowerKeys(mode);
  const named = typeof parts.mode === 'string' ? parts.mode : parts.global !== undefined ? 'global' : 'zone';
  const translated: Draft = { ...document, [key]: Object.hasOwn(RENAMED_MODES, named) ? RENAMED_MODES[named] : named };
  const warnings = [`a mapping under "mode" is deprecated: use mode: ${String(translated[key])}`];
  const zone = isMapping(parts.remote) ? lowerKeys(parts.remote).zone : undefined;
  if (typeof zone === 'string') addZoneName(translated, zone);
  if (isMapping(parts.global) && lowerKeys(parts.global).zones !== undefined) {
    warnings.push('mode.global.zones is ignored: zones dial the global and appear by themselves');
  }
  return { document: translated, warnings };
}

function addZoneName(document: Draft, name: string): void {
  const key = Object.keys(document).find((k) => k.toLowerCase() === 'multizone') ?? 'multizone';
  const multizone = isMapping(document[key]) ? document[key] : {};
  const zoneKey = Object.keys(multizone).find((k) => k.toLowerCase() === 'zone') ?? 'zone';
  const zone = isMapping(multizone[zoneKey]) ? multizone[zoneKey] : {};
  document[key] = { ...multizone, [zoneKey]: { name, ...zone } };
}

function lowerKeys(value: Draft): Draft {
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k.toLowerCase(), v]));
}

/** Whether a YAML value is a mapping. */
export function isMapping(value: unknown): value is Draft {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
