import { parseDuration, type TokenRequest, Violations } from '@mesh/core';
import { isObject } from '@mesh/resources';

/** Ten years: what Kuma gives where nothing is said. */
const VALID_FOR_DEFAULT_MS = 87_600 * 3_600_000;
const PROXY_TYPES = ['', 'dataplane', 'ingress', 'egress'];

/** A request for a token, and all that is wrong with it. */
export interface ReadToken<T> {
  readonly token: T;
  readonly violations: Violations;
}

type TokenOf<Type> = Extract<TokenRequest, { type: Type }>;

/** Reads the body of `POST /tokens/dataplane` (contract/rest-api.md §4). Undefined: not even the shape fits. */
export function readDataplaneToken(body: unknown): ReadToken<TokenOf<'dataplane'>> | undefined {
  if (!isObject(body)) return undefined;
  const violations = Violations.at();
  const name = text(body.name);
  const mesh = text(body.mesh);
  const proxyType = text(body.type);
  const workload = text(body.workload);
  const tags = readTags(body.tags);
  const validFor = text(body.validFor);
  if ([name, mesh, proxyType, workload, tags, validFor].includes(undefined)) return undefined;
  if (mesh === '') violations.field('mesh').add('cannot be empty');
  const validForMs = readValidFor(validFor ?? '', violations);
  if (!PROXY_TYPES.includes(proxyType ?? '')) violations.field('type').add(`${proxyType} is not a valid proxy type`);
  return {
    token: {
      type: 'dataplane',
      name: name ?? '',
      mesh: mesh ?? '',
      tags: tags ?? {},
      proxyType: proxyType ?? '',
      workload: workload ?? '',
      validForMs,
    },
    violations,
  };
}

/** Reads the body of `POST /tokens/zone`. */
export function readZoneToken(body: unknown): ReadToken<TokenOf<'zone'>> | undefined {
  if (!isObject(body)) return undefined;
  const violations = Violations.at();
  const zone = text(body.zone);
  const scope = readTexts(body.scope);
  const validFor = text(body.validFor);
  if (zone === undefined || scope === undefined || validFor === undefined) return undefined;
  const validForMs = readValidFor(validFor, violations);
  if (scope.length === 0) violations.field('scope').add('cannot be empty');
  return { token: { type: 'zone', zone, scope, validForMs }, violations };
}

/** Reads the body of `POST /tokens/user`; its validity must be given. */
export function readUserToken(body: unknown): ReadToken<TokenOf<'user'>> | undefined {
  if (!isObject(body)) return undefined;
  const violations = Violations.at();
  const name = text(body.name);
  const groups = readTexts(body.groups);
  const validFor = text(body.validFor);
  if (name === undefined || groups === undefined || validFor === undefined) return undefined;
  if (name === '') violations.field('name').add('cannot be empty');
  const validForMs = validFor === '' ? 0 : readValidFor(validFor, violations);
  if (validForMs === 0) violations.field('validFor').add('cannot be empty');
  return { token: { type: 'user', name, groups, validForMs }, violations };
}

function readValidFor(value: string, violations: Violations): number {
  if (value === '') return VALID_FOR_DEFAULT_MS;
  const ms = parseDuration(value);
  if (ms !== undefined && Number.isSafeInteger(Math.round(ms))) return ms;
  violations.field('validFor').add(`is invalid: ${JSON.stringify(value.slice(0, 50))} is no duration such as 24h`);
  return VALID_FOR_DEFAULT_MS;
}

function text(value: unknown): string | undefined {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : undefined;
}

function readTexts(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) && value.every((each): each is string => typeof each === 'string') ? value : undefined;
}

function readTags(value: unknown): Readonly<Record<string, readonly string[]>> | undefined {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) return undefined;
  const tags: [string, readonly string[]][] = [];
  for (const [key, values] of Object.entries(value)) {
    const read = readTexts(values);
    if (read === undefined) return undefined;
    tags.push([key, read]);
  }
  return Object.fromEntries(tags);
}
