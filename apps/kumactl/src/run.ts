import { messageOf } from '@mesh/core';
import { CommanderError } from 'commander';
import type { Io } from './io.js';
import { createProgram } from './program.js';

/** Runs one command and returns its exit code; nothing it is given makes it throw. */
export async function runKumactl(argv: readonly string[], io: Io): Promise<number> {
  try {
    if (argv[0] === '__complete') await completeLine(argv.slice(1), io);
    else await (await createProgram(argv, io)).parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    // commander has said what is wrong, or shown help.
    if (error instanceof CommanderError) return error.exitCode;
    io.err(`Error: ${messageOf(error)}\n`);
    return 1;
  }
}

/** What shells ask at a tab; the last word is the one to complete. */
async function completeLine(words: readonly string[], io: Io): Promise<void> {
  const { complete } = await import('./completion/complete.js');
  io.out(await complete(await createProgram(words.slice(0, -1), io), words, io));
}
