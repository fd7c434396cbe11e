import { afterEach, describe, expect, it } from 'vitest';
import { isOwnName, parseHost } from '../src/access/host-names.js';
import { parseJsonBody } from '../src/http/json-body.js';
import { ApiUnderTest, apiConfig, STRANGER } from './api-under-test.js';

const running: ApiUnderTest[] = [];
afterEach(async () => {
  for (const api of running.splice(0)) await api.stop();
});

async function start(changes: Parameters<typeof apiConfig>[0] = {}, now?: () => number): Promise<ApiUnderTest> {
  const api = await ApiUnderTest.start({ config: apiConfig(changes), ...(now ? { clock: { now } } : {}) });
  running.push(api);
  return api;
}

const MESH = { type: 'Mesh', name: 'm1' };
const admin = { ...STRANGER, authorization: 'Bearer admin-token' };

describe('a write that a browser sends', () => {
  it.each([
    ['for a page of another origin', { origin: 'https://evil.example' }],
    ['for a page without origin', { origin: 'null' }],
    ['for a page of another port', { host: 'cp.example:5681', origin: 'http://cp.example:80' }],
    ['for another site, by its own word', { 'sec-fetch-site': 'cross-site' }],
  ])('%s is refused, whatever credential it carries', async (_, headers) => {
    const api = await start();
    const answer = await api.put('/meshes/m1', MESH, { ...admin, ...headers });
    expect(answer).toMatchObject({ status: 403, text: expect.stringContaining('corsAllowedDomains') });
    expect((await api.send('/meshes/m1')).status).toBe(404);
  });

  it.each([
    ['of the API itself', { host: 'cp.example', origin: 'https://cp.example' }],
    ['of an allowed origin', { origin: 'https://good.example' }],
    ['that names no origin', {}],
  ])('for a page %s is taken', async (_, headers) => {
    const api = await start({ corsAllowedDomains: ['https://good.example'] });
    expect((await api.put('/meshes/m1', MESH, { ...admin, ...headers })).status).toBe(201);
  });
});

describe('apiServer.allowedHosts', () => {
  it('lets in its names, addresses and localhost, and refuses every other name before anything is read', async () => {
    const api = await start({ allowedHosts: ['CP.example'] });
    for (const host of ['cp.example', 'cp.example:5681', 'localhost:1', '127.0.0.1', '[::1]:5681'])
      expect((await api.send('/', { headers: { host } })).status).toBe(200);
    for (const host of ['evil.example', 'cp.example.evil.example', 'cp.example:99999', 'a b'])
      expect((await api.send('/meshes', { headers: { ...admin, host } })).status).toBe(403);
  });

  it('is not needed for names nobody else can have', () => {
    for (const name of ['10.1.2.3', 'fd00::1', 'localhost', 'control-plane', 'kuma-cp.kuma-system.svc', 'cp.localhost'])
      expect(isOwnName(name, [])).toBe(true);
    for (const name of ['evil.example', 'localhost.evil.example', 'svc.example.com']) expect(isOwnName(name, [])).toBe(false);
    expect(isOwnName('cp.example', ['cp.example'])).toBe(true);
    expect(parseHost('cp.example@evil.example')).toBeUndefined();
  });
});

describe('an allowance of requests', () => {
  const limited = { anonymousRequestsPerSecond: 2, requestsPerSecond: 3 };
  const statuses = async (api: ApiUnderTest, times: number, headers: Record<string, string>) => {
    const seen: number[] = [];
    for (let i = 0; i < times; i++) seen.push((await api.send('/meshes', { headers })).status);
    return seen;
  };

  it('is used up by one client alone, and fills up again', async () => {
    let now = 0;
    const api = await start({ rateLimit: limited }, () => now);
    expect(await statuses(api, 3, STRANGER)).toEqual([200, 200, 429]);
    expect(await statuses(api, 4, admin)).toEqual([200, 200, 200, 429]);
    expect(await statuses(api, 1, { ...admin, authorization: 'Bearer team-token' })).toEqual([200]);
    const refused = await api.send('/meshes', { headers: STRANGER });
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    expect(JSON.parse(refused.text)).toMatchObject({ status: 429, title: 'Too many requests' });
    now += 500;
    expect(await statuses(api, 2, STRANGER)).toEqual([200, 429]);
  });

  it('has no end where the limit is 0', async () => {
    const api = await start({}, () => 0);
    expect(new Set(await statuses(api, 50, STRANGER))).toEqual(new Set([200]));
  });
});

describe('a document', () => {
  const parse = (text: string) => parseJsonBody(Buffer.from(text));

  it('may have ten thousand elements in a list, and no more', () => {
    const list = (length: number) => `{"a":{"b":[${Array.from({ length }, () => '1').join(',')}]}}`;
    expect(parse(list(10_000))).toBeDefined();
    expect(() => parse(list(10_001))).toThrow(/more than 10000 elements/);
    expect(() => parse(`{${Array.from({ length: 10_001 }, (_, i) => `"${i}":1`).join(',')}}`)).toThrow(/more than 10000 elements/);
  });

  it('may have two hundred thousand values, and commas in texts are none', () => {
    const lists = (length: number) => `[${Array.from({ length }, () => `[${Array(5_000).fill('1').join(',')}]`).join(',')}]`;
    expect(parse(lists(40))).toBeDefined();
    expect(() => parse(lists(41))).toThrow(/more than 200000 values/);
    expect(parse(`["${','.repeat(300_000)}"]`)).toBeDefined();
  });

  it('with thousands of mistakes gets the first hundred of them', async () => {
    const api = await start();
    const inbound = Array.from({ length: 5_000 }, () => ({ port: 0, tags: { 'kuma.io/service': 'web' } }));
    await api.put('/meshes/default', { type: 'Mesh', name: 'default' });
    const answer = await api.put('/meshes/default/dataplanes/d', {
      type: 'Dataplane',
      mesh: 'default',
      name: 'd',
      networking: { address: '127.0.0.1', inbound },
    });
    const { invalid_parameters } = JSON.parse(answer.text) as { invalid_parameters: { field: string; reason: string }[] };
    expect([answer.status, invalid_parameters.length]).toEqual([400, 101]);
    expect(invalid_parameters.at(-1)?.reason).toMatch(/^and \d+ more$/);
  });
});
