import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** typeorm loads all its drivers; the sources of the others are a megabyte. */
const OTHER_DATABASES = /[\\/]typeorm[\\/]driver[\\/](?!postgres[\\/]|sqlite-abstract[\\/]|types[\\/])[^\\/]+[\\/]/;

/** Leaves typeorm's drivers for other databases than Postgres out: where one is named, there is an empty class. */
export function withoutOtherDatabases() {
  return {
    name: 'without-other-databases',
    load: {
      filter: { id: OTHER_DATABASES },
      handler: () => `
        const classes = new Map();
        module.exports = new Proxy({}, {
          get(_, name) {
            if (name === '__esModule') return true;
            if (!classes.has(name)) classes.set(name, class {});
            return classes.get(name);
          },
        });`,
    },
  };
}

/**
 * Writes every character beyond Latin-1 as an escape: V8 keeps a file that has one of them with two bytes a character. Comments are
 * gone by then, and in strings, templates, names and regular expressions an escape is the same. As the last step, for those after
 * `renderChunk` print the code anew, without escapes; the build fails where one is left.
 */
export function asciiOnly() {
  return {
    name: 'ascii-only',
    generateBundle(_options, bundle) {
      for (const chunk of chunksOf(bundle)) {
        chunk.code = chunk.code.replace(BEYOND_LATIN_1, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
      }
    },
    writeBundle({ dir }, bundle) {
      for (const { fileName } of chunksOf(bundle)) {
        const [left] = readFileSync(join(dir, fileName), 'utf8').match(BEYOND_LATIN_1) ?? [];
        if (left !== undefined)
          throw new Error(`${fileName}: ${JSON.stringify(left)} is not escaped: the file would take twice the memory`);
      }
    },
  };
}

const BEYOND_LATIN_1 = /[^\0-\xff]/g;

function chunksOf(bundle) {
  return Object.values(bundle).filter(({ type }) => type === 'chunk');
}
