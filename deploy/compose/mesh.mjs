import { readFileSync } from 'node:fs';
import { kumactl } from './kumactl.mjs';

// Applies the mesh of the compose lab at its global.

const address = process.argv[2];
const options = ['--config-file=/tmp/kumactl', '--api-timeout=20s'];
const token = readFileSync('/secrets/admin/token', 'utf8').trim();

try {
  const credential = ['--auth-type=tokens', `--auth-conf=token=${token}`];
  await kumactl(...options, 'config', 'control-planes', 'add', '--name=global', `--address=${address}`, ...credential);
  process.stdout.write(await kumactl(...options, 'apply', '-f', '/mesh/deploy/compose/mesh.yaml'));
} catch (error) {
  // Tried again by the engine: the control plane may have been away.
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
