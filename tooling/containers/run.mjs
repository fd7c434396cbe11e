#!/usr/bin/env node
import { mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runForeground } from '../provision/lib/foreground.mjs';
import { provideDebian } from './lib/base-images.mjs';
import { vitest, whyNoEngine } from './lib/requirements.mjs';

// Tests images and compose lab on a container engine of their own; arguments go to vitest. A task of turbo, which remembers that it
// passed: what is not tested must not pass, and is for `stage.mjs`. The engine runs in namespaces for processes, mounts and network:
// when this program ends, for whatever reason, the kernel removes all of them with what is in them, iptables chains included.

const CGROUPS = '/sys/fs/cgroup';
const SHORT = '/tmp';

async function main() {
  const reason = whyNoEngine();
  if (reason) throw new Error(`no container engine can be started here: ${reason}`);
  process.stdout.write('making a small Debian to build base images from, unless it is there\n');
  const debianTar = await provideDebian();
  const dir = mkdtempSync(join(SHORT, 'mesh-engine-'));
  const cgroup = dir.slice(SHORT.length + 1);
  const namespaces = ['--net', '--pid', '--mount', '--fork', '--kill-child', '--mount-proc'];
  let code;
  try {
    // The first process of a namespace inherits orphans, and has to bury them.
    code = await runForeground('unshare', [...namespaces, 'docker-init', '-s', '--', ...vitest(process.argv.slice(2))], {
      env: { ...process.env, MESH_ENGINE_DIR: dir, MESH_ENGINE_CGROUP: cgroup, MESH_DEBIAN_TAR: debianTar },
    });
  } finally {
    removeCgroups(cgroup);
    rmSync(dir, { recursive: true, force: true });
  }
  const left = leftovers(dir);
  for (const line of left) process.stderr.write(`left behind: ${line}\n`);
  return left.length > 0 ? 1 : code;
}

/** The engine is gone; directories of control groups have to be removed one by one, the innermost first. */
function removeCgroups(cgroup) {
  for (const top of cgroupDirs(cgroup)) {
    const below = readdirSync(top, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory());
    const paths = below.map((entry) => join(entry.parentPath, entry.name)).sort((a, b) => b.length - a.length);
    for (const path of [...paths, top]) rmdirSync(path);
  }
}

function cgroupDirs(cgroup) {
  const controllers = readdirSync(CGROUPS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const candidates = [CGROUPS, ...controllers.map(({ name }) => join(CGROUPS, name))].map((path) => join(path, cgroup));
  return candidates.filter((path) => isDirectory(path));
}

function isDirectory(path) {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}

/** What of the engine is still there, in words. */
function leftovers(dir) {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(dir));
  const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(dir));
  return [...mounts.map((line) => `mount ${line}`), ...processes.map((pid) => `process ${pid} ${commandLine(pid)}`)];
}

function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
