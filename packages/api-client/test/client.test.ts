import { DescriptorRegistry, silentLogger } from '@mesh/core';
import { type ApiServer, createApiServer } from '@mesh/http-api';
import { coreKinds } from '@mesh/resources';
import { loadConfig } from '@mesh/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiProblem, createApiClient, unwrap } from '../src/index.js';
import { MeshOnlyControlPlane } from './mesh-only-control-plane.js';

let server: ApiServer;
let url: string;

beforeAll(async () => {
  const env = {
    KUMA_API_SERVER_HTTP_PORT: '0',
    KUMA_API_SERVER_HTTP_INTERFACE: '127.0.0.1',
    KUMA_API_SERVER_HTTPS_ENABLED: 'false',
  };
  server = await createApiServer({
    controlPlane: new MeshOnlyControlPlane(),
    registry: new DescriptorRegistry(coreKinds),
    config: loadConfig({ env }).config,
    authenticator: { authenticate: async (token) => ({ name: token, groups: [] }) },
    log: silentLogger,
    metrics: { observe: () => {}, inflight: () => {} },
  });
  url = `http://127.0.0.1:${(await server.start()).http?.port}`;
});
afterAll(() => server.stop());

describe('the client', () => {
  it('reads lists and items with the types of the document', async () => {
    const client = createApiClient({ url });
    const page = unwrap(await client.GET('/meshes', { params: { query: { size: 1 } } }));
    expect(page.items.map(({ name }) => name)).toEqual(['default']);
    const mesh = unwrap(await client.GET('/meshes/{name}', { params: { path: { name: 'default' } } }));
    expect(mesh).toMatchObject({ type: 'Mesh', name: 'default' });
  });

  it('spells filters as the API reads them', async () => {
    const client = createApiClient({ url });
    const filter = { 'labels.team': 'a' };
    const page = unwrap(await client.GET('/meshes', { params: { query: { filter } } }));
    expect(page.total).toBe(0);
  });

  it('throws what the API refuses, with status and title', async () => {
    const client = createApiClient({ url });
    const answer = await client.GET('/meshes/{name}', { params: { path: { name: 'nothing' } } });
    expect(() => unwrap(answer)).toThrow(ApiProblem);
    expect(() => unwrap(answer)).toThrow('Could not retrieve a resource (Not found)');
  });

  it('sends its token and headers with every request', async () => {
    const seen: Request[] = [];
    const fetch = (request: Request) => {
      seen.push(request);
      return globalThis.fetch(request);
    };
    const client = createApiClient({ url: `${url}/`, token: 'secret', headers: { 'x-team': 'a' }, fetch });
    unwrap(await client.GET('/who-am-i'));
    expect(seen.map((request) => [request.url, request.headers.get('authorization'), request.headers.get('x-team')])).toEqual([
      [`${url}/who-am-i`, 'Bearer secret', 'a'],
    ]);
  });

  it('gives up a request that takes too long', async () => {
    const fetch = (request: Request) =>
      new Promise<Response>((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)));
    const client = createApiClient({ url, timeoutMs: 5, fetch });
    await expect(client.GET('/meshes')).rejects.toThrow(/timeout/);
  });
});
