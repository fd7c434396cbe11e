import 'reflect-metadata';
import { kumaCp } from './program.js';

const code = await kumaCp({
  argv: process.argv.slice(2),
  env: process.env,
  write: (text) => {
    process.stdout.write(text);
  },
});
process.exit(code);
