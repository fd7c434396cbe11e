import { MeshError, messageOf } from '@mesh/core';
import { buildProgram } from './program.js';

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  const hint = MeshError.is(error) && error.hint ? `\n${error.hint}` : '';
  process.stderr.write(`Error: ${MeshError.is(error) ? error.public : messageOf(error)}${hint}\n`);
  process.exitCode = 1;
}
