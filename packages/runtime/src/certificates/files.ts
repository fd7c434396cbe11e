import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { MeshError, messageOf } from '@mesh/core';

/**
 * Content of a file, made by `make` where there is none. Several processes may do so at once:
 * the first one's content is what all of them get.
 */
export async function readOrMake(path: string, make: () => Promise<string>): Promise<string> {
  try {
    if (!existsSync(path)) publish(path, await make());
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (MeshError.is(cause)) throw cause;
    throw new MeshError('invalid', {
      public: `cannot use ${path}: ${messageOf(cause)}`,
      hint: 'check general.workDir (KUMA_GENERAL_WORK_DIR)',
      cause,
    });
  }
}

function publish(path: string, content: string): void {
  const directory = dirname(path);
  if (!existsSync(directory)) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chmodSync(directory, 0o700);
  }
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, content, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, path); // fails where another process was first
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
