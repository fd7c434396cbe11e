#!/usr/bin/env node
import { runForeground } from '../provision/lib/foreground.mjs';
import { root } from '../provision/lib/paths.mjs';
import { vitest, whyNoEngine } from './lib/requirements.mjs';

// The stage `containers` of `npm test`: the task of turbo where an engine can be started. Where none can, what needs none is tested,
// past the cache of turbo: it would remember as passed what was skipped, and say so no more.

const reason = whyNoEngine();
if (reason) {
  const line = '='.repeat(80);
  process.stdout.write(
    `${line}\nSKIPPED: images and compose lab are not tested, as no container engine can be started here:\n${reason}\n${line}\n`,
  );
}
const [command, ...args] = reason ? vitest() : ['turbo', 'run', '@mesh/containers#containers', '--output-logs=new-only'];
process.exitCode = await runForeground(command, args, {
  cwd: root,
  env: reason ? { ...process.env, MESH_NO_ENGINE: reason } : process.env,
});
