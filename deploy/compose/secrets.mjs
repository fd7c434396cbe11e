import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Makes the secrets of the compose lab, once: what is there stays. Each folder below /secrets is a volume that only those get who
// need what is in it. Tokens are signed here, with keys whose private halves no control plane has.

const TOP = '/secrets';
const KID = 'lab';
const VALID = '87600h';
const CONTROL_PLANES = {
  global: ['global-cp', 'global-api'],
  'zone-1': ['zone-1-cp', 'zone-1-api', 'zone-1-ingress-manager'],
  'zone-2': ['zone-2-cp', 'zone-2-api', 'zone-2-ingress-manager'],
};
const SIDECARS = { 'zone-1': ['web', 'backend-1'], 'zone-2': ['backend-2', 'billing'] };

const admin = (name) => join(TOP, 'admin', name);
const keys = ['user', 'zone', 'dataplane'];

for (const kind of keys) {
  const key = admin(`${kind}-key.pem`);
  make(key, () => kumactl('generate', 'signing-key', '--format=pem'));
  make(admin(`${kind}-key.pub.pem`), () => kumactl('generate', 'public-key', `--signing-key-path=${key}`));
}
make(admin('token'), () => token('user', 'user-token', '--name=lab', '--group=mesh-system:admin'));

for (const [name, hosts] of Object.entries(CONTROL_PLANES)) {
  const at = (file) => join(TOP, name, file);
  make(at('postgres-password'), () => randomBytes(24).toString('base64url'));
  if (!existsSync(at('tls.crt'))) {
    kumactl(
      'generate',
      'tls-certificate',
      '--type=server',
      `--key-file=${at('tls.key')}`,
      `--cert-file=${at('tls.crt')}`,
      ...hostnames(hosts),
    );
  }
  for (const kind of keys) copy(admin(`${kind}-key.pub.pem`), at(`${kind}-key.pub.pem`));
}

for (const [zone, names] of Object.entries(SIDECARS)) {
  copy(join(TOP, 'global', 'tls.crt'), join(TOP, zone, 'global.crt'));
  make(join(TOP, zone, 'cp-token'), () => token('zone', 'zone-token', `--zone=${zone}`, '--scope=cp'));
  const at = (file) => join(TOP, `${zone}-proxies`, file);
  copy(join(TOP, zone, 'tls.crt'), at('ca.crt'));
  make(at('zone-proxy.token'), () => token('zone', 'zone-token', `--zone=${zone}`, '--scope=ingress', '--scope=egress'));
  for (const name of names) make(at(`${name}.token`), () => token('dataplane', 'dataplane-token', `--name=${name}`));
}
process.stdout.write('the secrets are there\n');

function make(path, content) {
  if (!existsSync(path)) writeFileSync(path, content(), { mode: 0o400 });
}

function copy(from, to) {
  make(to, () => readFileSync(from));
}

function token(kind, command, ...args) {
  return kumactl('generate', command, `--signing-key-path=${admin(`${kind}-key.pem`)}`, `--kid=${KID}`, `--valid-for=${VALID}`, ...args);
}

function hostnames(hosts) {
  return hosts.map((host) => `--hostname=${host}`);
}

function kumactl(...args) {
  return execFileSync(process.execPath, ['/mesh/bin/kumactl', '--no-config', ...args], { encoding: 'utf8' });
}
