import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';

/**
 * Loaded into a measured process before its program (see profileEnv): writes what it did into a `.cpuprofile` when it ends.
 * Node 20 takes `--cpu-prof` on the command line only, and the commands have one of their own.
 */
const directory = process.env['BENCH_CPU_PROFILES'];
if (directory) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 1000 });
  session.post('Profiler.start');
  // The session answers within the call: an exiting process waits for nothing.
  process.once('exit', () =>
    session.post('Profiler.stop', (error, { profile }) => {
      if (error) return;
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, `${process.argv[1]?.split('/').at(-3) ?? 'node'}-${process.pid}.cpuprofile`), JSON.stringify(profile));
    }),
  );
}
