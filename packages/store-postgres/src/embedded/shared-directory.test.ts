import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readableBinDir } from './binaries.js';
import { assertRootOwned, SharedDirectory } from './shared-directory.js';

describe.skipIf(process.getuid?.() !== 0)('what root shares with the user of Postgres', () => {
  let directory: string;
  let shared: SharedDirectory;
  const refusal = expect.objectContaining({ code: 'conflict', message: expect.stringContaining('only root can write') });
  const closedBinDir = (): string => {
    const binDir = join(directory, 'native', 'bin');
    mkdirSync(binDir, { recursive: true, mode: 0o700 });
    writeFileSync(join(binDir, 'postgres'), '', { mode: 0o755 });
    return binDir;
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mesh-pg-shared-'));
    shared = new SharedDirectory(join(directory, 'shared'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is copied once, to directories that all can read and only root can write', () => {
    const binDir = closedBinDir();
    const copied = readableBinDir(binDir, shared);
    expect(copied.startsWith(join(directory, 'shared'))).toBe(true);
    for (const path of [join(directory, 'shared'), join(copied, '..'), copied]) expect(statSync(path).mode & 0o777).toBe(0o755);
    writeFileSync(join(copied, 'mark'), '');
    expect(statSync(join(readableBinDir(binDir, shared), 'mark')).isFile()).toBe(true);
  });

  it('is refused where another user made the copy first', () => {
    const binDir = closedBinDir();
    const copy = join(readableBinDir(binDir, shared), '..');
    chownSync(copy, 65_534, 65_534);
    expect(() => readableBinDir(binDir, shared)).toThrow(refusal);
  });

  it('is refused where others can write, or where it is a link', () => {
    const open = join(directory, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    expect(() => assertRootOwned(open)).toThrow(refusal);
    expect(() => new SharedDirectory(join(open, 'below')).path('data')).toThrow(refusal);
    symlinkSync('/', join(directory, 'link'));
    expect(() => assertRootOwned(join(directory, 'link'))).toThrow(refusal);
  });
});
