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
 * gone by then, and in strings, templates, names and regular expressions an escape is the same.
 */
export function asciiOnly() {
  return {
    name: 'ascii-only',
    renderChunk: (code) => ({
      code: code.replace(/[^\0-\xff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
      map: null,
    }),
  };
}
