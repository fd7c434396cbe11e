import { type CaPair, createRoot } from '@mesh/identity';
import type { ApiClient } from '@mesh/lab-kit';
import type { Fault } from '../fault.js';

const CERT = '/meshes/default/secrets/default.ca-builtin-cert-ca-1';
const KEY = '/meshes/default/secrets/default.ca-builtin-key-ca-1';

/**
 * The mesh gets another root, then its first one again: trusted first, then used, as a rotation has to be. Proxies with
 * certificates of both are there at the same time.
 */
export function authorityRotated(): Fault {
  let old: CaPair;
  return {
    name: 'global: certificate authority rotated, and back',
    place: 'global',
    isAlone: true,
    lastsMs: { sampled: 4_000, full: 20_000 },
    inject: async ({ lab: { global } }) => {
      old = { certPem: await read(global.api, CERT), keyPem: await read(global.api, KEY) };
      const next = await createRoot({ commonName: 'default', uri: 'spiffe://default', now: Date.now() });
      await write(global.api, CERT, old.certPem + next.certPem);
      await write(global.api, KEY, next.keyPem);
    },
    heal: async ({ lab: { global } }) => {
      await write(global.api, KEY, old.keyPem);
      await write(global.api, CERT, old.certPem);
    },
  };
}

async function read(api: ApiClient, path: string): Promise<string> {
  const secret = await api.get<{ data: string }>(path);
  if (!secret) throw new Error(`${path} is not there`);
  return Buffer.from(secret.data, 'base64').toString();
}

/** Writes a secret, and waits until every proxy has accepted what comes of it. */
async function write(api: ApiClient, path: string, value: string): Promise<void> {
  const data = Buffer.from(value).toString('base64');
  const response = await api.put(path, { type: 'Secret', mesh: 'default', name: path.split('/').at(-1), data });
  await api.get(`/convergence?revision=${response.headers.get('kuma-revision')}&timeout=20s`);
}
