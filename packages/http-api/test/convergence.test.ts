import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiUnderTest, apiConfig } from './api-under-test.js';
import { dataplaneSpec, stored } from './documents.js';
import { MemoryControlPlane } from './memory-control-plane.js';

let api: ApiUnderTest;
let controlPlane: MemoryControlPlane;
beforeEach(async () => {
  controlPlane = new MemoryControlPlane().seed(stored('Mesh', 'default'));
  api = await ApiUnderTest.start({ controlPlane, config: apiConfig() });
});
afterEach(() => api.stop());

const PATH = '/meshes/default/dataplanes/web';
const web = (port = 80) => ({
  type: 'Dataplane',
  mesh: 'default',
  name: 'web',
  ...dataplaneSpec({ 'kuma.io/service': 'web' }),
  labels: { port: `${port}` },
});
const put = (body: object, headers: Record<string, string> = {}) =>
  api.send(PATH, { method: 'PUT', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });

describe('GET /convergence', () => {
  it('tells how far a revision has come', async () => {
    controlPlane.converged = { state: 'missing', zones: [{ zone: 'zone-1', state: 'missing', reason: 'is not connected' }] };
    const { status, text } = await api.send('/convergence?revision=1&timeout=1s');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ revision: 1, state: 'missing', zones: [{ zone: 'zone-1', reason: 'is not connected' }] });
  });

  it('refuses what is no revision and no time', async () => {
    for (const query of ['', '?revision=', '?revision=x', '?revision=-1', '?revision=1.5', '?revision=99999999999999999']) {
      const answer = await api.send(`/convergence${query}`);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({ invalid_parameters: [{ field: 'revision' }] });
    }
    expect(JSON.parse((await api.send('/convergence?revision=1&timeout=soon')).text)).toMatchObject({
      invalid_parameters: [{ field: 'timeout' }],
    });
    expect((await api.send('/convergence?revision=999999')).status).toBe(400);
  });
});

describe('a precondition', () => {
  it('lets the first of two writers win, and the other one know', async () => {
    const created = await put(web(1));
    expect(created.headers['etag']).toBe((await api.send(PATH)).headers['etag']);
    const seen = { 'if-match': String(created.headers['etag']) };
    const answers = await Promise.all([put(web(2), seen), put(web(3), seen)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const loser = answers.find(({ status }) => status === 409);
    expect(JSON.parse(loser?.text ?? 'null')).toMatchObject({ status: 409, title: 'Conflict' });
    expect((await api.send(PATH, { method: 'DELETE', headers: seen })).status).toBe(409);
    const now = { 'if-match': String((await api.send(PATH)).headers['etag']) };
    expect((await api.send(PATH, { method: 'DELETE', headers: now })).status).toBe(200);
  });

  it('creates only where there is nothing, or replaces only where there is something', async () => {
    expect((await put(web(1), { 'if-match': '*' })).status).toBe(409);
    expect((await put(web(1), { 'if-none-match': '*' })).status).toBe(201);
    expect((await put(web(2), { 'if-none-match': '*' })).status).toBe(409);
    expect((await put(web(2), { 'if-match': '*' })).status).toBe(200);
    expect((await put(web(3), { 'if-match': '"nonsense"' })).status).toBe(409);
  });
});
