import type { AnyDescriptor } from '@mesh/core';
import { UserError } from '../errors.js';

/** Path of the list of a kind, in a mesh where it has one. */
export function listPath(descriptor: AnyDescriptor, mesh: string): string {
  const prefix = descriptor.scope === 'Mesh' ? `/meshes/${segment(mesh, 'mesh')}` : '';
  return `${prefix}/${descriptor.path}`;
}

/** Path of one item. */
export function itemPath(descriptor: AnyDescriptor, mesh: string, name: string): string {
  return `${listPath(descriptor, mesh)}/${segment(name, 'name')}`;
}

/** One part of a path; `.` and `..` would change its meaning. */
export function segment(value: string, what: string): string {
  if (value === '' || value === '.' || value === '..') throw new UserError(`"${value}" is no ${what}`);
  return encodeURIComponent(value);
}

/** `?a=b`, without what is undefined; empty where nothing is left. */
export function query(parameters: readonly (readonly [string, string | undefined])[]): string {
  const given = parameters.filter((each): each is readonly [string, string] => each[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([key, value]): [string, string] => [key, value])).toString()}`;
}
