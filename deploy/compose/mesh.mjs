import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

// Applies the mesh of the compose lab at its global.

const address = process.argv[2];
const options = ['--config-file=/tmp/kumactl', '--api-timeout=20s'];

kumactl('config', 'control-planes', 'add', '--name=global', `--address=${address}`, '--auth-type=tokens', `--auth-conf=token=${token()}`);
kumactl('apply', '-f', '/mesh/deploy/compose/mesh.yaml');

function token() {
  return readFileSync('/secrets/admin/token', 'utf8').trim();
}

function kumactl(...args) {
  const { status } = spawnSync(process.execPath, ['/mesh/bin/kumactl', ...options, ...args], { stdio: 'inherit' });
  // Tried again by the engine: the control plane may have been away.
  if (status !== 0) process.exit(1);
}
