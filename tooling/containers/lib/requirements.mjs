import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from '../../provision/lib/paths.mjs';

const ADVICE = 'apt-get install docker.io docker-compose debootstrap iptables iproute2';

/** Debian's client has the builder of its daemon; a newer one elsewhere on PATH would ask for a plugin. */
export const DOCKER = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker';

/** Why no engine can be started here, or undefined where one can. */
export function whyNoEngine() {
  if (process.platform !== 'linux') return 'this is not Linux';
  if (process.getuid() !== 0) return 'only root can start a container engine';
  const missing = ['dockerd', 'docker', 'docker-init', 'docker-compose', 'debootstrap', 'iptables', 'ip', 'unshare'].filter(
    (name) => !findOnPath(name),
  );
  if (missing.length > 0) return `${missing.join(', ')} is missing (${ADVICE})`;
  const { status, stderr } = spawnSync('unshare', ['--net', '--pid', '--mount', '--fork', '--mount-proc', 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `no namespaces can be made: ${stderr.trim()}`;
}

/** The command that runs the tests here, with more arguments for vitest. */
export function vitest(more = []) {
  const here = join(import.meta.dirname, '..');
  return ['vitest', 'run', '--config', join(here, 'vitest.config.mjs'), '--root', here, ...more];
}
