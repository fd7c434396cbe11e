import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kumactl } from './kumactl.mjs';

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
  await make(key, () => kumactl('--no-config', 'generate', 'signing-key', '--format=pem'));
  await make(admin(`${kind}-key.pub.pem`), () => kumactl('--no-config', 'generate', 'public-key', `--signing-key-path=${key}`));
}
await make(admin('token'), () => token('user', 'user-token', '--name=lab', '--group=mesh-system:admin'));

for (const [name, hosts] of Object.entries(CONTROL_PLANES)) {
  const at = (file) => join(TOP, name, file);
  await make(at('postgres-password'), () => randomBytes(24).toString('base64url'));
  await make(at('redis-url'), () => `redis://:${randomBytes(24).toString('base64url')}@${name}-redis:6379`);
  await make(at('redis.conf'), () => redisConf(new URL(readFileSync(at('redis-url'), 'utf8')).password));
  if (!existsSync(at('tls.crt'))) {
    await kumactl(
      '--no-config',
      'generate',
      'tls-certificate',
      '--type=server',
      `--key-file=${at('tls.key')}`,
      `--cert-file=${at('tls.crt')}`,
      ...hostnames(hosts),
    );
  }
  for (const kind of keys) await copy(admin(`${kind}-key.pub.pem`), at(`${kind}-key.pub.pem`));
}

for (const [zone, names] of Object.entries(SIDECARS)) {
  await copy(join(TOP, 'global', 'tls.crt'), join(TOP, zone, 'global.crt'));
  await make(join(TOP, zone, 'cp-token'), () => token('zone', 'zone-token', `--zone=${zone}`, '--scope=cp'));
  const at = (file) => join(TOP, `${zone}-proxies`, file);
  await copy(join(TOP, zone, 'tls.crt'), at('ca.crt'));
  await make(at('zone-proxy.token'), () => token('zone', 'zone-token', `--zone=${zone}`, '--scope=ingress', '--scope=egress'));
  for (const name of names) await make(at(`${name}.token`), () => token('dataplane', 'dataplane-token', `--name=${name}`));
}
process.stdout.write('the secrets are there\n');

async function make(path, content) {
  if (!existsSync(path)) writeFileSync(path, await content(), { mode: 0o400 });
}

function copy(from, to) {
  return make(to, () => readFileSync(from));
}

function token(kind, command, ...args) {
  return kumactl(
    '--no-config',
    'generate',
    command,
    `--signing-key-path=${admin(`${kind}-key.pem`)}`,
    `--kid=${KID}`,
    `--valid-for=${VALID}`,
    ...args,
  );
}

/** A Redis that keeps nothing, and asks for a password. */
function redisConf(password) {
  return ['bind * -::*', 'protected-mode no', 'save ""', 'appendonly no', 'dir /tmp', `requirepass ${password}`, ''].join('\n');
}

function hostnames(hosts) {
  return hosts.map((host) => `--hostname=${host}`);
}
