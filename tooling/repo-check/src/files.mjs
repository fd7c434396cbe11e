import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const SKIPPED = new Set(['node_modules', 'dist', '.git', '.turbo', '.cache', '.vitest', 'coverage', 'testdata', 'fixtures']);
const CODE = /\.(ts|mjs)$/;
const GENERATED = /\.gen\.ts$/;

/** Hand-written code below the given folders, as paths relative to `root`. */
export function codeFiles(root, folders) {
  return folders
    .flatMap((folder) => walk(join(root, folder)).map((file) => relative(root, file)))
    .filter((file) => CODE.test(file) && !GENERATED.test(file));
}

/** Whether a file is test code, which has no functions worth measuring and no exports to document. */
export function isTest(file) {
  return /\.test\.(ts|mjs)$/.test(file) || /^[^/]+\/[^/]+\/test\//.test(file) || file.startsWith('test-e2e/');
}

/** Files that are committed or about to be, or simply all where `root` is no checkout. */
export function committedFiles(root) {
  if (!existsSync(join(root, '.git'))) return walk(root).map((file) => relative(root, file));
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 };
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], options);
  return listed.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
}

function walk(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) || path.endsWith('/src/gen') ? [] : walk(path);
    return entry.isFile() ? [path] : [];
  });
}
