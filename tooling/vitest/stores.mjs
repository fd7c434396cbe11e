import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { baseConfig } from './base.mjs';

const SETUP = fileURLToPath(new URL('../../packages/store-kit/src/setup.ts', import.meta.url));
const INSTALLED = '/usr/lib/postgresql';

/**
 * Projects of vitest that run a package's tests with state in memory, and those of `onPostgres` again on the embedded
 * Postgres and, where there is one, on an installed one. The tests take their stores from `@mesh/store-kit`.
 * @param {readonly string[]} onPostgres patterns of test files
 */
export function storeProjects(onPostgres) {
  // Not `extends`: that would add to the files that are included.
  const { reporters: _, ...test } = baseConfig.test;
  const postgres = (name, env) => ({ ...baseConfig, test: { ...test, name, include: [...onPostgres], globalSetup: [SETUP], env } });
  const installed = installedBinDir();
  return [
    { extends: true, test: { name: 'memory' } },
    postgres('embedded Postgres', {}),
    ...(installed ? [postgres('installed Postgres', { MESH_TEST_POSTGRES_BIN: installed })] : []),
  ];
}

function installedBinDir() {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED).sort((a, b) => Number(b) - Number(a)) : [];
  const candidates = [process.env.MESH_POSTGRES_BIN, ...versions.map((version) => `${INSTALLED}/${version}/bin`)];
  return candidates.find((directory) => directory && existsSync(`${directory}/postgres`));
}
