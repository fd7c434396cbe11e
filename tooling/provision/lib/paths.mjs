import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of this checkout. */
export const root = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

/** Where downloaded tools, stamps and logs are kept. */
export const cacheDir = resolve(process.env.MESH_CACHE_DIR ?? join(root, '.cache'));

/** Whether `path` is a file this user may run. */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first executable called `name` on a search path, or undefined. */
export function findOnPath(name, searchPath = process.env.PATH ?? '') {
  return searchPath
    .split(delimiter)
    .filter((dir) => dir !== '')
    .map((dir) => join(dir, name))
    .find(isExecutable);
}
