import { messageOf } from '@mesh/core';
import { CommanderError } from 'commander';
import type { Io } from './io.js';
import { createProgram } from './program.js';

/** Runs one command and returns its exit code; nothing it is given makes it throw. */
export async function runKumactl(argv: readonly string[], io: Io): Promise<number> {
  try {
    await createProgram(io).parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    // commander has said what is wrong, or shown help.
    if (error instanceof CommanderError) return error.exitCode;
    io.err(`Error: ${messageOf(error)}\n`);
    return 1;
  }
}
