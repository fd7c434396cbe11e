import { reject } from './verify.js';

/** A claim by its name in any case, as Kuma reads them; the exact spelling wins. */
function claim(payload: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  const key = Object.keys(payload).find((each) => each.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : payload[key];
}

/** A claim of text; empty where it is absent. */
export function textClaim(payload: Readonly<Record<string, unknown>>, name: string): string {
  const value = claim(payload, name) ?? '';
  if (typeof value !== 'string') throw reject(`the claim "${name}" must be text`);
  return value;
}

/** A claim that is a list of texts; empty where it is absent. */
export function listClaim(payload: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  return texts(claim(payload, name), name);
}

/** A claim that maps keys to lists of texts; empty where it is absent. */
export function multiMapClaim(payload: Readonly<Record<string, unknown>>, name: string): ReadonlyMap<string, readonly string[]> {
  const value = claim(payload, name) ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) throw reject(`the claim "${name}" must be an object`);
  return new Map(Object.entries(value as object).map(([key, each]) => [key, texts(each, name)]));
}

function texts(value: unknown, name: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.some((each) => typeof each !== 'string')) throw reject(`the claim "${name}" must hold lists of text`);
  return value;
}
