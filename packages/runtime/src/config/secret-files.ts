import { readFileSync } from 'node:fs';
import { messageOf, type Violations } from '@mesh/core';
import { configFields } from './schema.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Variables of secrets, such as `KUMA_STORE_POSTGRES_PASSWORD`. */
const SECRETS = configFields.flatMap(({ env, field }) => (env !== undefined && field.secret ? [env] : []));

/**
 * The environment with secrets read from files: `KUMA_STORE_POSTGRES_PASSWORD_FILE` names a file that holds what
 * `KUMA_STORE_POSTGRES_PASSWORD` would, as containers are given their secrets. A line break at its end is not part of it. A file
 * that cannot be read, is empty, or is given beside the variable itself is a mistake.
 */
export function readSecretFiles(given: Env, violations: Violations): Env {
  const env: Record<string, string | undefined> = { ...given };
  for (const name of SECRETS) {
    const variable = `${name}_FILE`;
    const path = env[variable];
    delete env[variable];
    if (!path) continue;
    const secret = readSecret(path);
    if (env[name]) violations.addAll([{ field: variable, message: `and ${name} exclude each other` }]);
    else if ('mistake' in secret) violations.addAll([{ field: variable, message: secret.mistake }]);
    else env[name] = secret.value;
  }
  return env;
}

function readSecret(path: string): { readonly value: string } | { readonly mistake: string } {
  try {
    const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    return value === '' ? { mistake: `${path} is empty; it must hold the secret` } : { value };
  } catch (cause) {
    return { mistake: `the secret cannot be read: ${messageOf(cause)}; put it there, or mount what holds it` };
  }
}
