import { isDeepStrictEqual } from 'node:util';
import { INERT_DOC } from './field.js';
import { configFields, type KumaConfig } from './schema.js';
import { getAt } from './tree.js';

/** One line for each key that somebody set and that changes nothing: the key, its variable and why. */
export function inertWarnings(config: KumaConfig): string[] {
  return configFields.flatMap(({ path, env, field }) => {
    if (!field.doc.startsWith(INERT_DOC) || isDeepStrictEqual(getAt(config, path), field.default)) return [];
    const why = field.doc.slice(INERT_DOC.length).replace(/^; |^\.$/, '');
    const variable = env === undefined ? '' : ` (${env})`;
    return [`configuration key ${path.join('.')}${variable} has no effect${why === '' ? '' : `: ${why.replace(/\.$/, '')}`}`];
  });
}
