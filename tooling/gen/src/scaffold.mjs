import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeIndexes } from './indexes.mjs';
import { spellings } from './names.mjs';

/** Writes the files of a template, then the indexes; returns the paths written. Nothing that exists is touched. */
export function scaffold(root, template, name) {
  const files = template.files(spellings(name));
  const taken = Object.keys(files).find((path) => existsSync(join(root, path)));
  if (taken) throw new Error(`${taken} exists already`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    if (text.startsWith('#!')) chmodSync(join(root, path), 0o755);
  }
  return [...Object.keys(files), ...writeIndexes(root)];
}
