import type { JsonObject } from '@mesh/core';

/** One VIP of a mesh: the name it stands for and its outbounds. */
export interface VipEntry {
  readonly type: 'service' | 'host' | 'fqdn';
  readonly name: string;
  readonly address: string;
  readonly outbounds: readonly VipOutbound[];
}

export interface VipOutbound {
  /** 0: no port of its own, only the one all VIPs have. */
  readonly port: number;
  readonly tags: Readonly<Record<string, string>>;
  /** `service`, `external-service:<name>`, ... */
  readonly origin: string;
}

const TYPES = ['service', 'host', 'fqdn'] as const;
const PREFIX = 'kuma-';
const SUFFIX = '-dns-vips';

/** Name of the Config resource with the VIPs of a mesh. */
export function vipConfigName(mesh: string): string {
  return `${PREFIX}${mesh}${SUFFIX}`;
}

/** The mesh whose VIPs a Config resource holds, or undefined where it holds something else. */
export function vipConfigMesh(name: string): string | undefined {
  if (!name.startsWith(PREFIX) || !name.endsWith(SUFFIX) || name.length <= PREFIX.length + SUFFIX.length) return undefined;
  return name.slice(PREFIX.length, -SUFFIX.length);
}

/**
 * Prints the form that Kuma 2.14 stores (contract/dataplane.md §5, format A), byte for byte: entries by the number of
 * their type and their name, in order.
 */
export function printVipConfig(entries: readonly VipEntry[]): string {
  const printed = entries.map(({ type, name, address, outbounds }) => {
    const list = outbounds.map(({ port, tags, origin }) => ({ Port: port, TagSet: sorted(tags), Origin: origin }));
    return [`${TYPES.indexOf(type)}:${name}`, { address, outbounds: list }] as const;
  });
  return JSON.stringify(sorted(Object.fromEntries(printed)));
}

/** Reads either form. Text that is none, or parts that cannot be read, give nothing: VIPs are allocated anew. */
export function parseVipConfig(text: string): VipEntry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return [];
  }
  const root = objectOf(parsed);
  return 'v' in root ? parseTagFirst(objectOf(root.v)) : parseHostFirst(root);
}

function parseTagFirst(services: JsonObject): VipEntry[] {
  const entries = new Map<string, VipEntry & { outbounds: VipOutbound[] }>();
  for (const [service, value] of Object.entries(services)) {
    for (const tagSet of arrayOf(objectOf(value).oe).map(objectOf)) {
      for (const raw of arrayOf(tagSet.ap).map(objectOf)) {
        const entry = tagFirstEntry(service, raw);
        if (!entry) continue;
        const key = `${entry.type}/${entry.name}/${entry.address}`;
        const known = entries.get(key) ?? { ...entry, outbounds: [] };
        known.outbounds.push({ port: numberOf(raw.p), tags: stringsOf(tagSet.t), origin: textOf(raw.o, 'service') });
        entries.set(key, known);
      }
    }
  }
  return [...entries.values()];
}

function tagFirstEntry(service: string, { a, d, o }: JsonObject): Omit<VipEntry, 'outbounds'> | undefined {
  if (typeof a !== 'string') return undefined;
  if (textOf(o, 'service') === 'service') return { type: 'service', name: service, address: a };
  return { type: 'host', name: textOf(d, service), address: a };
}

function parseHostFirst(root: JsonObject): VipEntry[] {
  const entries: VipEntry[] = [];
  for (const [key, value] of Object.entries(root)) {
    const match = /^([012]):(.+)$/.exec(key);
    const { address, outbounds } = objectOf(value);
    if (!match?.[2] || typeof address !== 'string') continue;
    entries.push({
      type: TYPES[Number(match[1])] ?? 'service',
      name: match[2],
      address,
      outbounds: arrayOf(outbounds).map((raw) => {
        const { Port, TagSet, Origin } = objectOf(raw);
        return {
          port: typeof Port === 'number' ? Port : 0,
          tags: stringsOf(TagSet),
          origin: typeof Origin === 'string' ? Origin : 'service',
        };
      }),
    });
  }
  return entries;
}

function sorted<T>(object: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function textOf(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}

function arrayOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function stringsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(objectOf(value)).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}
