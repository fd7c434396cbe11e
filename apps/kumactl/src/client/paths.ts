import type { AnyDescriptor } from '@mesh/core';
import { UserError } from '../errors.js';

/** Paths of the document that are alike for every kind: those of one kind stand for all. */
const LIST = '/meshes/{mesh}/dataplanes';
const ITEM = '/meshes/{mesh}/dataplanes/{name}';
const POLICY_RESOURCES = '/meshes/{mesh}/meshtimeouts/{name}/_resources/dataplanes';
const POLICY_DATAPLANES = '/meshes/{mesh}/meshtimeouts/{name}/dataplanes';

/** What the path of a kind is made of. */
export type KindPath = Pick<AnyDescriptor, 'scope'> & { readonly path?: string | undefined };

/** Path of the list of a kind, in a mesh where it has one. */
export function listPath(kind: KindPath): typeof LIST {
  return `${kind.scope === 'Mesh' ? '/meshes/{mesh}' : ''}/${kind.path}` as typeof LIST;
}

/** Path of the list of a kind in all meshes. */
export function crossMeshPath(kind: KindPath): '/dataplanes' {
  return `/${kind.path}` as '/dataplanes';
}

/** Path of one item. */
export function itemPath(kind: KindPath): typeof ITEM {
  return `${listPath(kind)}/{name}` as typeof ITEM;
}

/** Path of the proxies a policy has any part in, as a list. */
export function policyResourcesPath(kind: KindPath): typeof POLICY_RESOURCES {
  return `${itemPath(kind)}/_resources/dataplanes` as typeof POLICY_RESOURCES;
}

/** Path of the proxies a policy is for, with the part it has in each. */
export function policyDataplanesPath(kind: KindPath): typeof POLICY_DATAPLANES {
  return `${itemPath(kind)}/dataplanes` as typeof POLICY_DATAPLANES;
}

/** Path parameters. Throws UserError for `.` and `..`, which would change the meaning of a path. */
export function pathOf<P extends Readonly<Record<string, string>>>(parameters: P): P {
  for (const [what, value] of Object.entries(parameters)) {
    if (value === '' || value === '.' || value === '..') throw new UserError(`"${value}" is no ${what}`);
  }
  return parameters;
}
