import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Where programs are, seen from here: in a checkout, and in a package (`tooling/release`), which has this file in `lib/`. */
const PLACES = [(app) => `../../apps/${app}/dist/main.js`, (app) => `./${app}/main.js`];

/** Runs a built app in this process, whatever the working directory and however `bin/` was reached. */
export async function launch(app) {
  const paths = PLACES.map((place) => fileURLToPath(new URL(place(app), import.meta.url)));
  const program = paths.find((path) => existsSync(path));
  if (!program) {
    process.stderr.write(`${app}: ${paths[0]} is missing; run npm run build first\n`);
    process.exitCode = 1;
    return;
  }
  // What lies beside a command is found where PATH has none: kuma-dp finds the Envoy of its package.
  process.env.PATH = [process.env.PATH, dirname(realpathSync(process.argv[1]))].filter(Boolean).join(delimiter);
  process.argv[1] = program;
  await import(pathToFileURL(program).href);
}

const MIB = 1024 * 1024;
/** The least a service starts and serves a small mesh with. */
const MEMORY_BYTES_MIN = 96 * MIB;

/**
 * Why a service cannot live with a limit of memory, or undefined where it can; it would be killed sooner or later without a word.
 * @param limitBytes what the container or the operating system allows; 0 or undefined: no limit.
 */
export function tooLittleMemory(limitBytes) {
  if (!limitBytes || limitBytes >= MEMORY_BYTES_MIN) return undefined;
  return `the limit of memory is ${Math.floor(limitBytes / MIB)} MiB, and a service needs ${MEMORY_BYTES_MIN / MIB} MiB or more
  raise the limit of the container (mem_limit, docker run --memory, resources.limits.memory)`;
}

/**
 * As `launch`, for a service: until its program takes over the signals, SIGINT and SIGTERM end it with 0 at once. Nothing
 * runs yet, and as the first process of a container it would not hear them at all.
 */
export function launchService(app) {
  // Before anything is loaded, which may be too much already.
  const problem = tooLittleMemory(process.constrainedMemory());
  if (problem) {
    process.stderr.write(`${app}: ${problem}\n`);
    process.exit(1);
  }
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(0);
    });
  }
  return launch(app);
}
