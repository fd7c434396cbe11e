import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const SIZE = '240m';

/** A file system of its own that can be filled to the last byte (Linux, root). */
export class SmallDisk {
  private constructor(private readonly dir: string) {}

  static isPossible(): boolean {
    return process.platform === 'linux' && process.getuid?.() === 0;
  }

  /** @param dir an empty directory. */
  static mount(dir: string): SmallDisk {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=0711`, 'mesh-faults', dir]);
    return new SmallDisk(dir);
  }

  fill(): void {
    const file = openSync(this.filler, 'w');
    try {
      for (const size of [1024 * 1024, 4096]) writeUntilFull(file, Buffer.alloc(size));
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.filler, { force: true });
  }

  unmount(): void {
    execFileSync('umount', ['--lazy', this.dir]);
  }

  private get filler(): string {
    return join(this.dir, 'filler');
  }
}

function writeUntilFull(file: number, block: Buffer): void {
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
