import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Runs a built app of this checkout in this process, whatever the working directory and however `bin/` was reached. */
export async function launch(app) {
  const program = new URL(`../../apps/${app}/dist/main.js`, import.meta.url);
  const path = fileURLToPath(program);
  if (!existsSync(path)) {
    process.stderr.write(`${app}: ${path} is missing; run npm run build first\n`);
    process.exitCode = 1;
    return;
  }
  process.argv[1] = path;
  await import(program.href);
}

/**
 * As `launch`, for a service: until its program takes over the signals, SIGINT and SIGTERM end it with 0 at once. Nothing
 * runs yet, and as the first process of a container it would not hear them at all.
 */
export function launchService(app) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(0);
    });
  }
  return launch(app);
}
