import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDir } from './paths.mjs';

/** Hash of the names and bytes of some files; a missing file counts as empty. */
export function hashFiles(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(readIfThere(file) ?? '');
    hash.update('\0');
  }
  return hash.digest('hex');
}

/** Whether the stamp of a step holds `value`. */
export function isStamped(step, value, dir = cacheDir) {
  return readIfThere(stampFile(step, dir)) === value;
}

/** Remembers that a step was done for `value`. */
export function stamp(step, value, dir = cacheDir) {
  const file = stampFile(step, dir);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, value);
}

function stampFile(step, dir) {
  return join(dir, 'stamps', step);
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
