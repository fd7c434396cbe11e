import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeFiles, isTest } from '../files.mjs';
import { measure } from '../measure.mjs';

/**
 * Every exported function and class of a package says what it does. `undocumented.json` lists those that do not yet;
 * the list may only shrink, so an entry that is documented or gone is a fault too.
 */
export function checkDocsOnExports(root) {
  const undocumented = exportedContracts(root).filter(({ isDocumented }) => !isDocumented);
  const listed = readList(root);
  const found = new Set(undocumented.map(({ key }) => key));
  return [
    ...undocumented.filter(({ key }) => !listed.includes(key)).map(({ key }) => `${key} is exported without a doc comment`),
    ...listed.filter((key) => !found.has(key)).map((key) => `undocumented.json: ${key} is documented or gone; remove the line`),
  ];
}

/** Share of exported functions and classes with a doc comment, between 0 and 1. */
export function documentedShare(root) {
  const all = exportedContracts(root);
  return all.length === 0 ? 1 : all.filter(({ isDocumented }) => isDocumented).length / all.length;
}

function exportedContracts(root) {
  const files = codeFiles(root, ['packages']).filter((file) => /^packages\/[^/]+\/src\//.test(file) && !isTest(file));
  return files.flatMap((file) => {
    const { exports } = measure(file, readFileSync(join(root, file), 'utf8'));
    return exports.map(({ name, isDocumented }) => ({ key: `${file}#${name}`, isDocumented }));
  });
}

function readList(root) {
  const file = join(root, 'tooling/repo-check/undocumented.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}
