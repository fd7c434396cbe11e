import { isObject } from '@mesh/resources';
import { UserError } from '../errors.js';
import type { ApiServerConfig, ContextConfig, ControlPlaneConfig, HeaderConfig, KumactlConfig } from './model.js';

/** A value of the configuration and where it stands. */
interface Field {
  readonly value: unknown;
  readonly at: string;
}

/** Reads a parsed configuration file; throws UserError naming the first field that is not what it has to be. */
export function readConfig(document: unknown): KumactlConfig {
  const root = { value: document ?? {}, at: '' };
  return {
    controlPlanes: listOf(field(root, 'controlPlanes'), readControlPlane),
    contexts: listOf(field(root, 'contexts'), readContext),
    currentContext: textOf(field(root, 'currentContext')) ?? '',
  };
}

function readControlPlane(item: Field): ControlPlaneConfig {
  return { name: mustText(field(item, 'name')), coordinates: { apiServer: readApiServer(field(field(item, 'coordinates'), 'apiServer')) } };
}

function readApiServer(item: Field): ApiServerConfig {
  const text = (name: string): Record<string, string> => {
    const value = textOf(field(item, name));
    return value === undefined ? {} : { [name]: value };
  };
  const headers = field(item, 'headers');
  const authConf = field(item, 'authConf');
  const skipVerify = flagOf(field(item, 'skipVerify'));
  return {
    url: mustText(field(item, 'url')),
    ...text('caCertFile'),
    ...text('clientCertFile'),
    ...text('clientKeyFile'),
    ...(isAbsent(headers) ? {} : { headers: listOf(headers, readHeader) }),
    ...text('authType'),
    ...(isAbsent(authConf) ? {} : { authConf: readAuthConf(authConf) }),
    ...(skipVerify === undefined ? {} : { skipVerify }),
  };
}

function readHeader(item: Field): HeaderConfig {
  return { key: mustText(field(item, 'key')), value: mustText(field(item, 'value')) };
}

function readAuthConf(item: Field): Record<string, string> {
  return Object.fromEntries(Object.keys(objectOf(item)).map((key) => [key, mustText(field(item, key))]));
}

function readContext(item: Field): ContextConfig {
  const defaults = field(item, 'defaults');
  const mesh = isAbsent(defaults) ? undefined : textOf(field(defaults, 'mesh'));
  return {
    name: mustText(field(item, 'name')),
    controlPlane: mustText(field(item, 'controlPlane')),
    ...(isAbsent(defaults) ? {} : { defaults: mesh === undefined ? {} : { mesh } }),
  };
}

function field(parent: Field, name: string): Field {
  return { value: objectOf(parent)[name], at: parent.at === '' ? name : `${parent.at}.${name}` };
}

function isAbsent({ value }: Field): boolean {
  return value === undefined || value === null;
}

function objectOf(item: Field): Readonly<Record<string, unknown>> {
  return isObject(item.value) ? item.value : fail(item, 'an object');
}

function listOf<T>(item: Field, read: (each: Field) => T): T[] {
  if (isAbsent(item)) return [];
  if (!Array.isArray(item.value)) return fail(item, 'a list');
  return item.value.map((value: unknown, i) => read({ value, at: `${item.at}[${i}]` }));
}

function textOf(item: Field): string | undefined {
  if (isAbsent(item)) return undefined;
  return typeof item.value === 'string' ? item.value : fail(item, 'a text');
}

function mustText(item: Field): string {
  return textOf(item) ?? fail(item, 'a text');
}

function flagOf(item: Field): boolean | undefined {
  if (isAbsent(item)) return undefined;
  return typeof item.value === 'boolean' ? item.value : fail(item, 'true or false');
}

function fail({ at }: Field, wanted: string): never {
  throw new UserError(`${at === '' ? 'the document' : at}: must be ${wanted}`);
}
