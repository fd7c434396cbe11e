import { chmodSync, existsSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MeshError } from '@mesh/core';

/** Below a directory only root can write, so that nobody else can put something there first. */
const DEFAULT_PATH = '/var/lib/mesh-postgres';

const OTHERS_MAY_PASS = 0o001;
const OTHERS_MAY_WRITE = 0o022;

/** Whether users other than the owner can reach a path. */
export function isReachableByOthers(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & OTHERS_MAY_PASS) === 0 && statSync(at).isDirectory()) return false;
    if (at === dirname(at)) return true;
  }
}

/**
 * Throws `conflict` unless a path is a directory that belongs to root and that only root can write;
 * a link counts as neither.
 */
export function assertRootOwned(path: string): void {
  const found = lstatSync(path);
  if (found.isDirectory() && found.uid === 0 && (found.mode & OTHERS_MAY_WRITE) === 0) return;
  throw new MeshError('conflict', {
    public: `${path} is not a directory that only root can write`,
    hint: 'look at what it holds, and remove it',
  });
}

/** Where root keeps what the user that Postgres runs as must be able to reach. */
export class SharedDirectory {
  constructor(private readonly top: string = DEFAULT_PATH) {}

  /** Path of an entry, which may not exist yet; the directory itself does from now on. For root only. */
  path(name: string): string {
    if (!existsSync(this.top)) {
      mkdirSync(this.top, { recursive: true });
      chmodSync(this.top, 0o755);
    }
    assertRootOwned(dirname(this.top));
    assertRootOwned(this.top);
    return join(this.top, name);
  }
}
