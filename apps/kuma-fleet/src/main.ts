import { messageOf } from '@mesh/core';
import { buildProgram } from './program.js';

const program = buildProgram(
  (text) => process.stdout.write(text),
  (code) => {
    process.exitCode = code;
  },
);
try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`Error: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
