import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dataplane, viewOf } from '@mesh/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { askProxyAdmin, type ProxyAdminOptions } from './proxy-admin.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** An admin endpoint that answers each path with what is given. */
async function adminServer(answer: (url: string) => string): Promise<number> {
  const server = createServer((req, res) => res.end(answer(req.url ?? '')));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function optionsOf(port: number): ProxyAdminOptions {
  const proxy = dataplane('web').address('127.0.0.1').adminPort(port).build();
  return { view: viewOf(proxy), defaultAdminPort: 9901, clientTls: () => Promise.reject(new Error('not asked for')) };
}

const ask = { kind: 'Dataplane', mesh: 'default', name: 'web', format: 'json' } as const;

describe('asking the admin endpoint of a proxy', () => {
  it('goes to the documented paths', async () => {
    const options = optionsOf(await adminServer((url) => url));
    const text = async (request: Parameters<typeof askProxyAdmin>[0]) => Buffer.from(await askProxyAdmin(request, options)).toString();
    expect(await text({ ...ask, what: 'stats', usedOnly: true })).toBe('/stats?format=json&usedonly');
    expect(await text({ ...ask, what: 'stats', format: 'text' })).toBe('/stats');
    expect(await text({ ...ask, what: 'clusters' })).toBe('/clusters?format=json');
  });

  it('shows no token of a config_dump', async () => {
    const dump = { configs: [{ bootstrap: { initial_metadata: [{ key: 'authorization', value: 'a.b.c' }] } }] };
    const options = optionsOf(await adminServer(() => JSON.stringify(dump)));
    const shown = JSON.parse(Buffer.from(await askProxyAdmin({ ...ask, what: 'xds' }, options)).toString());
    expect(shown).toEqual({ configs: [{ bootstrap: { initial_metadata: [{ key: 'authorization', value: '[redacted]' }] } }] });
  });

  it('says that a proxy is unknown, or does not answer', async () => {
    const options = optionsOf(1);
    await expect(askProxyAdmin({ ...ask, name: 'nope', what: 'stats' }, options)).rejects.toMatchObject({ code: 'not_found' });
    await expect(askProxyAdmin({ ...ask, what: 'stats' }, options)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
