import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeFiles, isTest } from '../files.mjs';

/** Where keys are declared and checked, which is no use of them. */
const DECLARATIONS = /^packages\/runtime\/src\/config\/(?!autoconfigure)/;
const ROW = /^\| `([^`]+)` \|.*\| ([^|]*) \|$/;

/**
 * Every key of docs/configuration.md, which is generated, is read by some code, or its description begins with
 * "Accepted for Kuma", which makes whoever sets it be warned. A key counts as read where its last part stands.
 */
export function checkConfigKeys(root) {
  const page = join(root, 'docs/configuration.md');
  if (!existsSync(page)) return [];
  const words = wordsOf(root);
  return readFileSync(page, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, key, meaning] = ROW.exec(line) ?? [];
      if (!key || meaning.startsWith('Accepted for Kuma') || words.has(key.split('.').at(-1))) return [];
      return [`${key}: no code reads it; read it, or begin its description with "Accepted for Kuma"`];
    });
}

function wordsOf(root) {
  const files = codeFiles(root, ['apps', 'packages']).filter(
    (file) => /^[^/]+\/[^/]+\/src\//.test(file) && !isTest(file) && !DECLARATIONS.test(file),
  );
  return new Set(files.flatMap((file) => readFileSync(join(root, file), 'utf8').match(/\w+/g) ?? []));
}
