import { displayNameOf, LABEL_K8S_NAMESPACE, LABEL_ZONE, type Resource } from '@mesh/core';

/** Letters that make no words; the digits 0, 1 and 3 are left out too (Kubernetes' safe alphabet). */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;
const MASK_64 = 0xffffffffffffffffn;
/** 253, the longest name, less a dash and the hash. */
const BASE_BYTES_MAX = 236;

/** What a synced name is computed from. */
export interface NameParts {
  /** Display name: the name at the place where the resource was made. */
  readonly base: string;
  /** Empty for kinds of global scope. */
  readonly mesh: string;
  readonly zone?: string | undefined;
  readonly namespace?: string | undefined;
}

/**
 * The name of a synced copy: the base, a dash and 16 letters that hash mesh, base, zone and
 * namespace (contract/kds.md §3). The same object has the same name on the global and in every zone.
 */
export function hashedName(parts: NameParts): string {
  const input = `${parts.mesh}${parts.base}${parts.zone ?? ''}${parts.namespace ?? ''}`;
  const base = Buffer.from(parts.base);
  const head = base.length > BASE_BYTES_MAX ? base.subarray(0, BASE_BYTES_MAX).toString('utf8') : parts.base;
  return `${head}-${safeLetters(fnv1a64(input))}`;
}

/** The synced name of a resource that carries the given labels. */
export function hashedNameOf(resource: Resource<unknown, unknown>, labels: Readonly<Record<string, string>>): string {
  return hashedName({
    base: displayNameOf({ ...resource, meta: { ...resource.meta, labels } }),
    mesh: resource.meta.mesh,
    zone: labels[LABEL_ZONE],
    namespace: labels[LABEL_K8S_NAMESPACE],
  });
}

/** `Resource.name` of a delta response: `<name>.<mesh>`, with a trailing dot for kinds of global scope. */
export function wireName(name: string, mesh: string): string {
  return `${name}.${mesh}`;
}

/** Splits a wire name at its last dot; undefined where there is none. */
export function parseWireName(text: string): { readonly name: string; readonly mesh: string } | undefined {
  const dot = text.lastIndexOf('.');
  if (dot <= 0) return undefined;
  return { name: text.slice(0, dot), mesh: text.slice(dot + 1) };
}

function fnv1a64(text: string): string {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * FNV_PRIME) & MASK_64;
  return hash.toString(16).padStart(16, '0');
}

function safeLetters(hex: string): string {
  let letters = '';
  for (const char of hex) letters += ALPHABET[char.charCodeAt(0) % ALPHABET.length];
  return letters;
}
