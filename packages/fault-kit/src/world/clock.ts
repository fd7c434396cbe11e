import { existsSync, writeFileSync } from 'node:fs';

/** Where Debian and Fedora put it. */
const LIBRARIES = ['lib/x86_64-linux-gnu', 'lib/aarch64-linux-gnu', 'lib64'].map((dir) => `/usr/${dir}/faketime/libfaketimeMT.so.1`);

/** A clock that can be wrong: what is started with `env` sees it, also when it is changed later (libfaketime). */
export class Clock {
  private constructor(
    private readonly library: string,
    private readonly file: string,
  ) {
    this.set(0);
  }

  static isPossible(): boolean {
    return libraryOf() !== undefined;
  }

  /** @param file kept for the time to show. Undefined where this machine has no libfaketime. */
  static find(file: string): Clock | undefined {
    const library = libraryOf();
    return library === undefined ? undefined : new Clock(library, file);
  }

  get env(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    };
  }

  /** How far it is ahead, in minutes; negative: behind. */
  set(minutesAhead: number): void {
    writeFileSync(this.file, `${minutesAhead < 0 ? '' : '+'}${minutesAhead}m\n`);
  }
}

function libraryOf(): string | undefined {
  return LIBRARIES.find((file) => existsSync(file));
}
