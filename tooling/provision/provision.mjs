import { delimiter, join } from 'node:path';
import { mustRun } from './lib/exec.mjs';
import { findOnPath, root } from './lib/paths.mjs';
import { provideDependencies } from './steps/dependencies.mjs';
import { provideEnvoy } from './steps/envoy.mjs';
import { provideNode } from './steps/node.mjs';
import { providePnpm } from './steps/pnpm.mjs';
import { findSystemPostgres, providePostgres } from './steps/postgres.mjs';
import { provideSchemathesis } from './steps/schemathesis.mjs';

/**
 * Brings everything a run needs, except the build, and returns the environment to run it with. `testTools`: also what
 * only tests and benchmarks need.
 */
export async function provision(progress, { testTools = false } = {}) {
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
  await progress.step('node', async () => provideNode());
  await progress.step('pnpm', async (say) => {
    const { dir, words } = await providePnpm(say);
    env.PATH = [dir, join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
    return words;
  });
  await progress.step('dependencies', (say) => provideDependencies(env, say));
  await progress.step('envoy', async (say) => {
    const { path, words } = await provideEnvoy(say);
    env.ENVOY_PATH = path;
    return words;
  });
  await progress.step('postgres', providePostgres);
  if (testTools) {
    await progress.step('schemathesis', async (say) => {
      const { path, words } = await provideSchemathesis(say);
      env.MESH_SCHEMATHESIS = path;
      return words;
    });
  }
  setIfFound(env, 'MESH_POSTGRES_BIN', env.MESH_POSTGRES_BIN ?? findSystemPostgres());
  setIfFound(env, 'MESH_REDIS_BIN', env.MESH_REDIS_BIN ?? findOnPath('redis-server'));
  return env;
}

/** Builds every package that changed. */
export async function build(env, progress) {
  await progress.step('build', async (say) => {
    say('turbo run build');
    const output = await mustRun('turbo', ['run', 'build', '--output-logs=errors-only'], { cwd: root, env });
    return summaryOfTurbo(output);
  });
}

/** `34 tasks, 30 cached` out of what turbo printed. */
export function summaryOfTurbo(output) {
  const tasks = /Tasks:\s+.*?(\d+) total/.exec(output)?.[1];
  const cached = /Cached:\s+.*?(\d+) cached/.exec(output)?.[1];
  return tasks === undefined ? 'done' : `${tasks} tasks, ${cached ?? 0} cached`;
}

function setIfFound(env, name, value) {
  if (value !== undefined) env[name] = value;
}
