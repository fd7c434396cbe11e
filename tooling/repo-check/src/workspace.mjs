import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folders whose sub-folders are packages, and the packages that stand alone. */
const FAMILIES = ['apps', 'packages', 'tooling'];
const SINGLES = ['test-e2e', 'bench'];

/** Every package of the workspace: `{ dir, name, role, manifest }`, `dir` relative to `root`. */
export function readWorkspace(root) {
  const families = FAMILIES.flatMap((family) => list(join(root, family)).map((name) => `${family}/${name}`));
  return [...families, ...SINGLES].flatMap((dir) => {
    const file = join(root, dir, 'package.json');
    if (!existsSync(file)) return [];
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    return [{ dir, name: manifest.name, role: manifest.mesh?.role, manifest }];
  });
}

function list(dir) {
  return existsSync(dir) ? readdirSync(dir).sort() : [];
}
