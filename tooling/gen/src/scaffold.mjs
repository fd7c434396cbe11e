import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeIndexes } from './indexes.mjs';
import { spellings } from './names.mjs';

/** Writes the files of a template, formatted, then the indexes; returns the paths written. Nothing that exists is touched. */
export function scaffold(root, template, name) {
  const files = template.files({ ...spellings(name), order: nextOrder(root) });
  const taken = Object.keys(files).find((path) => existsSync(join(root, path)));
  if (taken) throw new Error(`${taken} exists already`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    if (text.startsWith('#!')) chmodSync(join(root, path), 0o755);
  }
  format(root, Object.keys(files));
  return [...Object.keys(files), ...writeIndexes(root)];
}

/** The first free place after all policies, in steps of 100. */
function nextOrder(root) {
  const dir = join(root, 'packages/policies/src');
  const files = readdirSync(dir).map((name) => join(dir, name, 'index.ts'));
  const orders = files
    .filter(existsSync)
    .map((file) => Number(/^ {2}order: (\d[\d_]*),/m.exec(readFileSync(file, 'utf8'))?.[1].replaceAll('_', '') ?? 0));
  return Math.floor(Math.max(900, ...orders) / 100) * 100 + 100;
}

/** Line breaks and the order of imports depend on the name. */
function format(root, paths) {
  execFileSync(join(root, 'node_modules/.bin/biome'), ['check', '--write', ...paths], { cwd: root, stdio: 'pipe' });
}
