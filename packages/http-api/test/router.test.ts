import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest, apiConfig } from './api-under-test.js';
import { stored } from './documents.js';
import { MemoryControlPlane } from './memory-control-plane.js';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start({ controlPlane: new MemoryControlPlane().seed(stored('Mesh', 'default')) });
});
afterAll(() => api.stop());

const JSON_BODY = { 'content-type': 'application/json' };

describe('the router', () => {
  it.each([
    ['GET', '/nope', {}, 404, '404: Page Not Found'],
    ['GET', '/zones/a%2Fb/c/d', {}, 404, '404: Page Not Found'],
    ['POST', '/zones', {}, 405, '405: Method Not Allowed'],
    ['PATCH', '/zones/x', {}, 405, '405: Method Not Allowed'],
    ['DELETE', '/zones', {}, 405, '405: Method Not Allowed'],
    ['GET', '/tokens/zone', {}, 405, '405: Method Not Allowed'],
    ['OPTIONS', '/meshes', {}, 405, '405: Method Not Allowed'],
    ['PUT', '/meshes/m1', {}, 415, '415: Unsupported Media Type'],
    ['PUT', '/meshes/m1', { 'content-type': 'text/plain' }, 415, '415: Unsupported Media Type'],
    ['POST', '/tokens/zone', { 'content-type': 'application/x-www-form-urlencoded' }, 415, '415: Unsupported Media Type'],
    ['GET', '/meshes', { accept: 'text/html' }, 406, '406: Not Acceptable\n\nAvailable representations: application/json'],
    ['GET', '/zones/%zz', {}, 400, '400 Bad Request'],
  ])('answers %s %s with plain text', async (...[method, path, headers, status, text]) => {
    const body = method === 'PUT' || method === 'POST' ? { body: '{}' } : {};
    const answer = await api.send(path, { method, headers, ...body });
    expect(answer).toMatchObject({ status, text });
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
  });

  it('lists the methods a path has', async () => {
    expect((await api.send('/zones/x', { method: 'PATCH' })).headers.allow).toBe('PUT, DELETE, GET');
    expect((await api.send('/tokens/zone')).headers.allow).toBe('POST');
  });

  it('takes any parameter of the media type and any Accept that includes JSON', async () => {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    expect((await api.send('/zones/z1', { method: 'PUT', headers, body: '{"type":"Zone","name":"z1"}' })).status).toBe(201);
    for (const accept of ['*/*', 'text/html, application/json;q=0.9', ''])
      expect((await api.send('/meshes', { headers: { accept } })).status).toBe(200);
  });

  it('does not mind a slash at the end', async () => {
    expect((await api.send('/meshes/')).status).toBe(200);
  });

  it('puts everything but user tokens below the base path', async () => {
    const based = await ApiUnderTest.start({ config: apiConfig({ basePath: '/kuma/' }) });
    const statuses = await Promise.all(
      ['/kuma', '/kuma/meshes', '/meshes', '/tokens/user', '/kuma/tokens/zone'].map(async (path) => (await based.send(path)).status),
    );
    await based.stop();
    expect(statuses).toEqual([200, 200, 404, 405, 405]);
  });

  it('counts requests under the template of their route', async () => {
    api.observed.length = 0;
    await api.send('/meshes/default/dataplanes');
    await expect.poll(() => api.observed[0]).toMatchObject({ method: 'GET', handler: '/meshes/{mesh}/dataplanes', code: 200 });
  });

  it('answers 503 until the control plane has been heard', async () => {
    const controlPlane = new MemoryControlPlane();
    Object.defineProperty(controlPlane.view, 'revision', { get: () => -1 });
    const early = await ApiUnderTest.start({ controlPlane });
    const answer = await early.send('/meshes');
    await early.stop();
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('"title": "Service unavailable"');
  });
});

describe('whatever is sent', () => {
  const segment = fc.oneof(
    fc.constantFrom(
      'meshes',
      'default',
      'dataplanes',
      'zones',
      '_overview',
      'tokens',
      'zone',
      '_kri',
      '..',
      '.',
      '',
      '%',
      '%00',
      '%2e%2e',
      '+',
      '__proto__',
      'constructor',
    ),
    fc.string({ maxLength: 20 }).map(encodeURIComponent),
  );
  const path = fc.array(segment, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`);
  const search = fc.oneof(
    fc.constant(''),
    fc.constantFrom(
      '?size=1e3',
      '?offset=99999999999999999999',
      '?filter[labels.__proto__]=x',
      '?format=k8s',
      '?%',
      '?tag=:',
      '?gateway=__proto__',
    ),
    fc.string({ maxLength: 30 }).map((text) => `?${encodeURIComponent(text)}`),
  );
  const method = fc.constantFrom('GET', 'PUT', 'DELETE', 'POST', 'PATCH', 'OPTIONS');

  it('no URL gets a 5xx or ends the server', async () => {
    await fc.assert(
      fc.asyncProperty(method, path, search, async (verb, at, query) => {
        const { status } = await api.send(at + query, { method: verb });
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
    expect((await api.send('/')).status).toBe(200);
  });

  it('no document gets a 5xx or ends the server', async () => {
    const document = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record(
          {
            type: fc.constantFrom('Dataplane', 'Mesh'),
            mesh: fc.constant('default'),
            name: fc.constant('x'),
            networking: fc.jsonValue(),
            mtls: fc.jsonValue(),
            labels: fc.jsonValue(),
          },
          { requiredKeys: ['type', 'name'] },
        )
        .map((value) => JSON.stringify(value)),
    );
    const target = fc.constantFrom(
      '/meshes/x',
      '/meshes/default/dataplanes/x',
      '/meshes/default/secrets/x',
      '/zones/x',
      '/zoneingresses/x',
      '/tokens/dataplane',
      '/tokens/zone',
      '/tokens/user',
    );
    await fc.assert(
      fc.asyncProperty(target, document, async (at, body) => {
        const { status } = await api.send(at, { method: at.startsWith('/tokens') ? 'POST' : 'PUT', headers: JSON_BODY, body });
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
    expect((await api.send('/')).status).toBe(200);
  });

  it('bytes that are no HTTP get an answer and a closed connection', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(api.port, '127.0.0.1', () => socket.write('\x16\x03\x01garbage\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect((await api.send('/')).status).toBe(200);
  });
});
