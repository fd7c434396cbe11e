import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Environment with which a command of ours writes a CPU profile of each of its processes when it ends; none without a directory. */
export function profileEnv(directory: string | undefined): Record<string, string> {
  if (directory === undefined) return {};
  const preload = pathToFileURL(join(import.meta.dirname, 'profile-preload.js')).href;
  return { NODE_OPTIONS: `--import=${preload}`, BENCH_CPU_PROFILES: directory };
}
