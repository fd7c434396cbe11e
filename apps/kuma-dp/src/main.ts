import { MeshError, messageOf } from '@mesh/core';
import { buildProgram } from './program.js';

try {
  process.exitCode = await buildProgram(process.env).run(process.argv);
} catch (error) {
  process.stderr.write(`Error: ${describe(error)}\n`);
  // 2: the command line or a file is wrong, trying again does not help; 1: everything else.
  process.exitCode = MeshError.is(error, 'invalid') ? 2 : 1;
}

function describe(error: unknown): string {
  if (!MeshError.is(error)) return messageOf(error);
  const lines = error.violations.length > 0 ? error.violations.map((v) => `\n  ${v.field}: ${v.message}`).join('') : error.public;
  return `${lines.startsWith('\n') ? 'kuma-dp cannot run:' : ''}${lines}${error.hint ? `\n${error.hint}` : ''}`;
}
