import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLoopback } from '../src/access/host-names.js';
import { isLocalAdmin } from '../src/access/localhost-admin.js';
import { ApiUnderTest, apiConfig, STRANGER } from './api-under-test.js';
import { errorBody, stored } from './documents.js';
import { MemoryControlPlane } from './memory-control-plane.js';

const ANONYMOUS = 'user "mesh-system:anonymous/mesh-system:unauthenticated"';
let api: ApiUnderTest;
beforeAll(async () => {
  const controlPlane = new MemoryControlPlane().seed(stored('Mesh', 'default'), stored('GlobalSecret', 's', { spec: { data: 'eA==' } }));
  api = await ApiUnderTest.start({ controlPlane, config: apiConfig({ corsAllowedDomains: ['http://good.example'] }) });
});
afterAll(() => api.stop());

const bearer = (token: string) => ({ ...STRANGER, authorization: `Bearer ${token}` });
const whoAmI = async (headers: Record<string, string>) =>
  (JSON.parse((await api.send('/who-am-i', { headers })).text) as { name: string }).name;

describe('who calls', () => {
  it('is admin on this machine, a bogus token notwithstanding', async () => {
    expect((await api.send('/who-am-i')).text).toBe(
      '{\n "name": "mesh-system:admin",\n "groups": [\n  "mesh-system:admin",\n  "mesh-system:authenticated"\n ]\n}\n',
    );
    expect(await whoAmI({ authorization: 'Bearer bogus' })).toBe('mesh-system:admin');
  });

  it.each([
    ['Forwarded', { forwarded: 'for=203.0.113.9' }],
    ['X-Forwarded-For', { 'x-forwarded-for': '203.0.113.9' }],
    ['X-Real-IP', { 'x-real-ip': '127.0.0.1' }],
    ['a Host that is a name of somebody else', { host: 'evil.example' }],
    ['a Host that only starts like localhost', { host: 'localhost.evil.example' }],
    ['a Host with an impossible port', { host: 'localhost:99999' }],
    ['a Host with another address', { host: '192.0.2.1' }],
    ['Sec-Fetch-Site of another site', { 'sec-fetch-site': 'cross-site' }],
    ['an Origin of another site', { origin: 'http://evil.example' }],
    ['an Origin of another port', { host: 'localhost:5681', origin: 'http://localhost:5682' }],
    ['an Origin of another scheme', { host: 'localhost', origin: 'https://localhost' }],
    ['the Origin null', { origin: 'null' }],
  ])('is nobody in particular with %s', async (_what, headers) => {
    expect(await whoAmI(headers)).toBe('mesh-system:anonymous');
  });

  it.each([
    ['Host localhost without a port', { host: 'localhost' }],
    ['Host with a loopback address', { host: '127.0.0.1:1234' }],
    ['Host with the IPv6 loopback address', { host: '[::1]:5681' }],
    ['the same origin', { host: 'localhost:5681', origin: 'http://localhost:5681' }],
    ['the same origin with the default port spelled out', { host: 'localhost', origin: 'http://localhost:80' }],
    ['Sec-Fetch-Site none', { 'sec-fetch-site': 'none' }],
    ['Sec-Fetch-Site same-origin', { 'sec-fetch-site': 'same-origin' }],
  ])('is admin with %s', async (_what, headers) => {
    expect(await whoAmI(headers)).toBe('mesh-system:admin');
  });

  it('is never admin from another machine', () => {
    const headers = { host: 'localhost:5681' };
    for (const peerAddress of ['203.0.113.9', '::ffff:203.0.113.9', '', '10.0.0.1'])
      expect(isLocalAdmin({ peerAddress, encrypted: false, headers })).toBe(false);
    for (const peerAddress of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1']) expect(isLoopback(peerAddress)).toBe(true);
  });

  it('is nobody in particular on this machine where that is switched off', async () => {
    const strict = await ApiUnderTest.start({
      config: apiConfig({ authn: { type: 'tokens', localhostIsAdmin: false, tokens: { enableIssuer: true } } }),
    });
    const { text } = await strict.send('/who-am-i');
    await strict.stop();
    expect(text).toContain('mesh-system:anonymous');
  });

  it('is the user of a good token, in the group of those who have one', async () => {
    expect(JSON.parse((await api.send('/who-am-i', { headers: bearer('team-token') })).text)).toEqual({
      name: 'alice',
      groups: ['team', 'mesh-system:authenticated'],
    });
  });

  it('is refused with a bad token everywhere but at the index and the web page', async () => {
    for (const path of ['/who-am-i', '/meshes', '/nope']) {
      expect(await api.send(path, { headers: bearer('bad') })).toMatchObject({
        status: 401,
        text: errorBody(401, 'Invalid authentication data', 'Unauthenticated'),
      });
    }
    for (const path of ['/', '/gui']) expect((await api.send(path, { headers: bearer('bad') })).status).toBe(200);
  });

  it('is nobody in particular with another scheme of authorization', async () => {
    for (const authorization of ['bearer admin-token', 'Basic eA==', 'Bearer'])
      expect(await whoAmI({ ...STRANGER, authorization })).toBe('mesh-system:anonymous');
  });
});

describe('who may', () => {
  const secret = { type: 'GlobalSecret', name: 'x', data: 'eA==' };
  const json = { 'content-type': 'application/json' };

  it.each([
    ['/globalsecrets', 'the resource of type "GlobalSecret"'],
    ['/globalsecrets/s', 'the resource of type "GlobalSecret"'],
    ['/meshes/default/secrets', 'the resource of type "Secret"'],
  ])('only admins read %s', async (path, what) => {
    expect(await api.send(path, { headers: STRANGER })).toMatchObject({
      status: 403,
      text: errorBody(403, 'Access Denied', `${ANONYMOUS} cannot access ${what}`),
    });
    expect((await api.send(path, { headers: bearer('team-token') })).status).toBe(403);
    expect((await api.send(path, { headers: bearer('admin-token') })).status).toBe(200);
  });

  it('everybody reads what is no secret', async () => {
    for (const path of ['/meshes', '/meshes/default', '/config', '/global-insight'])
      expect((await api.send(path, { headers: STRANGER })).status).toBe(200);
  });

  it.each([
    ['PUT', '/globalsecrets/x', secret],
    ['PUT', '/meshes/m2', { type: 'Mesh', name: 'm2' }],
    ['DELETE', '/meshes/default', undefined],
  ])('nobody writes without a credential: %s %s', async (method, path, document) => {
    const body = document === undefined ? {} : { body: JSON.stringify(document) };
    expect((await api.send(path, { method, headers: { ...STRANGER, ...json }, ...body })).status).toBe(403);
  });

  it('only admins write secrets', async () => {
    const send = (method: string, token: string) =>
      api.send('/globalsecrets/x', { method, headers: { ...bearer(token), ...json }, body: JSON.stringify(secret) });
    expect((await send('PUT', 'team-token')).status).toBe(403);
    expect((await send('PUT', 'admin-token')).status).toBe(201);
    expect((await send('DELETE', 'team-token')).status).toBe(403);
    expect((await send('DELETE', 'admin-token')).status).toBe(200);
  });

  it('users write what is no secret, unless access.static.writeResources names others', async () => {
    const document = { type: 'Mesh', name: 'm3' };
    expect((await api.put('/meshes/m3', document, bearer('team-token'))).status).toBe(201);
    expect((await api.send('/meshes/m3', { method: 'DELETE', headers: bearer('team-token') })).status).toBe(200);
    const config = apiConfig();
    const writeResources = { users: ['bob'], groups: [] };
    const strict = await ApiUnderTest.start({
      config: { ...config, access: { ...config.access, static: { ...config.access.static, writeResources } } },
    });
    expect((await strict.put('/meshes/m3', document, bearer('team-token'))).status).toBe(403);
    expect((await strict.put('/meshes/m3', document, bearer('admin-token'))).status).toBe(201);
    await strict.stop();
  });

  it('strangers write too where access.anonymousWrites says so, but no secrets, and get no tokens', async () => {
    const config = apiConfig();
    const open = await ApiUnderTest.start({ config: { ...config, access: { ...config.access, anonymousWrites: true } } });
    expect((await open.put('/meshes/m3', { type: 'Mesh', name: 'm3' }, STRANGER)).status).toBe(201);
    expect((await open.put('/globalsecrets/x', secret, STRANGER)).status).toBe(403);
    expect((await open.send('/globalsecrets', { headers: STRANGER })).status).toBe(403);
    expect((await open.post('/tokens/dataplane', { mesh: 'm3' }, STRANGER)).status).toBe(403);
    const rebound = await open.put('/meshes/m4', { type: 'Mesh', name: 'm4' }, { ...STRANGER, host: 'evil.example:5681' });
    expect(rebound).toMatchObject({ status: 403, text: expect.stringContaining('allowedHosts') });
    await open.stop();
  });

  it('a refused write leaves nothing behind', async () => {
    expect((await api.send('/meshes/m2')).status).toBe(404);
    expect((await api.send('/meshes/default')).status).toBe(200);
  });

  it.each([
    ['/tokens/dataplane', { mesh: 'default' }, `${ANONYMOUS} cannot access generate dataplane token`],
    ['/tokens/zone', { zone: 'x', scope: ['ingress'] }, `${ANONYMOUS} cannot access generate zone token for zone 'x'`],
    ['/tokens/user', { name: 'x', validFor: '1h' }, 'action not allowed'],
  ])('only admins get tokens from %s', async (path, body, detail) => {
    expect(await api.post(path, body, STRANGER)).toMatchObject({ status: 403, text: errorBody(403, 'Access Denied', detail) });
    expect(await api.post(path, body, bearer('admin-token'))).toMatchObject({ status: 200, text: 'header.claims.signature' });
  });
});

describe('tokens', () => {
  it('asks for what was asked, ten years where nothing was said', async () => {
    const answer = await api.post('/tokens/dataplane', { name: 'd', mesh: 'default', tags: { a: ['1'] }, type: 'ingress' });
    expect(answer.headers['content-type']).toBe('text/plain');
    expect(api.controlPlane.issued.at(-1)).toEqual({
      type: 'dataplane',
      name: 'd',
      mesh: 'default',
      tags: { a: ['1'] },
      proxyType: 'ingress',
      workload: '',
      validForMs: 87_600 * 3_600_000,
    });
  });

  it.each([
    ['/tokens/dataplane', { type: 'x', validFor: 'x' }, ['mesh', 'validFor', 'type']],
    ['/tokens/zone', {}, ['scope']],
    ['/tokens/user', {}, ['name', 'validFor']],
  ])('names everything wrong with a request to %s', async (path, body, fields) => {
    const answer = await api.post(path, body);
    expect(answer.status).toBe(400);
    const { title, invalid_parameters } = JSON.parse(answer.text) as { title: string; invalid_parameters: { field: string }[] };
    expect([title, invalid_parameters.map(({ field }) => field)]).toEqual(['Invalid request', fields]);
  });

  it.each(['{', '[]', '{"tags":{"a":"b"},"mesh":"m"}', '{"mesh":1}', ''])(
    'answers a body that is no request, %o, with 400 and nothing',
    async (body) => {
      const answer = await api.post('/tokens/dataplane', body);
      expect(answer).toMatchObject({ status: 400, text: '' });
      expect(answer.headers['content-type']).toBeUndefined();
    },
  );
});

describe('other origins', () => {
  it('may read answers when they are allowed', async () => {
    const headers = { ...STRANGER, origin: 'http://GOOD.example' };
    expect((await api.send('/meshes', { headers })).headers['access-control-allow-origin']).toBe('http://GOOD.example');
    expect(
      (await api.send('/meshes', { headers: { ...STRANGER, origin: 'http://bad.example' } })).headers['access-control-allow-origin'],
    ).toBeUndefined();
  });

  it('learn the methods of a path from a preflight', async () => {
    const headers = { ...STRANGER, origin: 'http://good.example', 'access-control-request-method': 'PUT' };
    const answer = await api.send('/meshes/default', { method: 'OPTIONS', headers });
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-methods']).toBe('PUT, DELETE, GET');
    const named = await api.send('/meshes/default', {
      method: 'OPTIONS',
      headers: { ...headers, 'access-control-request-headers': 'authorization' },
    });
    expect(named.headers['access-control-allow-origin']).toBeUndefined();
  });
});
