import { MeshError } from '@mesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STRANGER_RECORDS_PER_SECOND } from '../src/access/audit-trail.js';
import { ApiUnderTest, apiConfig, STRANGER } from './api-under-test.js';
import { stored } from './documents.js';
import { MemoryControlPlane } from './memory-control-plane.js';

let api: ApiUnderTest;
const clock = { now: () => Date.parse('2026-11-21T10:00:00Z') };

beforeEach(async () => {
  const controlPlane = new MemoryControlPlane().seed(stored('Mesh', 'default'), stored('GlobalSecret', 's', { spec: { data: 'eA==' } }));
  api = await ApiUnderTest.start({ controlPlane, clock });
});
afterEach(() => api.stop());

const alice = { ...STRANGER, authorization: 'Bearer team-token' };
const admin = { ...STRANGER, authorization: 'Bearer admin-token' };
const records = () => api.controlPlane.records;
const mesh = (name: string) => ({ type: 'Mesh', name });

describe('the record', () => {
  it('of an accepted write is made with the write, once', async () => {
    const answer = await api.put('/meshes/m2', mesh('m2'), alice);
    await api.send('/meshes/m2', { method: 'DELETE', headers: alice });
    await api.put('/meshes/other', mesh('unlike'), alice);
    await expect.poll(records).toMatchObject([
      { who: 'alice', by: 'token', method: 'PUT', kind: 'Mesh', name: 'm2', status: 201, outcome: 'done' },
      { who: 'alice', method: 'DELETE', kind: 'Mesh', name: 'm2', status: 200, outcome: 'done' },
      { name: 'other', outcome: 'refused' },
    ]);
    expect(records()[0]?.revision).toBe(Number(answer.headers['kuma-revision']));
    expect(records()[2]).not.toHaveProperty('revision');
  });

  it('of a write that changes nothing is kept as well', async () => {
    await api.put('/meshes/m2', mesh('m2'), alice);
    await api.put('/meshes/m2', mesh('m2'), alice);
    await expect.poll(records).toMatchObject([{ status: 201 }, { status: 200, outcome: 'done', name: 'm2' }]);
  });

  it('of held removals that are let go is one for each, and one where there are none', async () => {
    const held = { Dataplane: ['web.default', 'api.default'] };
    api.controlPlane.seed(
      stored('Config', 'kds-peer-zone-1', { spec: { config: JSON.stringify({ id: 'store', revision: 7, held }) } }),
      ...['web', 'api'].map((name) => stored('Dataplane', name, { mesh: 'default', spec: {} })),
    );
    await api.send('/held-removals?peer=zone-1', { method: 'DELETE', headers: admin });
    await api.send('/held-removals?peer=zone-1', { method: 'DELETE', headers: admin });
    await api.put('/meshes/last', mesh('last'), alice);
    await expect.poll(() => records().at(-1)?.name).toBe('last');
    expect(records().map(({ kind, name, method }) => [method, kind, name])).toEqual([
      ['DELETE', 'Dataplane', 'api'],
      ['DELETE', 'Dataplane', 'web'],
      ['DELETE', undefined, undefined],
      ['PUT', 'Mesh', 'last'],
    ]);
  });

  it.each([
    ['not allowed', () => api.put('/meshes/m2', mesh('m2'), STRANGER), { status: 403, outcome: 'forbidden', kind: 'Mesh', name: 'm2' }],
    ['invalid', () => api.put('/meshes/M2', mesh('M2'), alice), { status: 400, outcome: 'refused', name: 'M2' }],
    [
      'made too late',
      () => api.put('/meshes/default', mesh('default'), { ...alice, 'if-match': '"77"' }),
      { status: 409, outcome: 'refused' },
    ],
    ['of another type', () => api.put('/meshes/m2', 'x', { ...alice, 'content-type': 'text/html' }), { status: 415, outcome: 'refused' }],
    ['too large', () => api.put('/meshes/m2', 'x'.repeat(5_000_000), alice), { status: 413, outcome: 'refused', kind: 'Mesh' }],
    [
      'with a bad credential',
      () => api.put('/meshes/m2', mesh('m2'), { ...STRANGER, authorization: 'Bearer bad' }),
      { who: 'mesh-system:anonymous', by: 'none', status: 401, outcome: 'unauthenticated', kind: 'Mesh', name: 'm2' },
    ],
  ])('is kept of a write that is %s', async (_, send, expected) => {
    const { status } = await send();
    await expect.poll(records).toEqual([expect.objectContaining({ ...expected, status, time: '2026-11-21T10:00:00.000Z' })]);
  });

  it('is kept of every read of a secret, granted or not, and of no other read', async () => {
    await api.send('/meshes', { headers: alice });
    await api.send('/global-secrets/s', { headers: admin });
    await api.send('/global-secrets/s', { headers: alice });
    await expect.poll(records).toMatchObject([
      { who: 'mesh-system:admin', kind: 'GlobalSecret', name: 's', outcome: 'done' },
      { who: 'alice', kind: 'GlobalSecret', name: 's', outcome: 'forbidden' },
    ]);
  });

  it('of an issued token says whom it is for, not the token', async () => {
    const claims = Buffer.from('{"jti":"id-1"}').toString('base64url');
    api.controlPlane.token = `header.${claims}.signature`;
    await api.post('/tokens/user', { name: 'bob', groups: ['ops'], validFor: '1h' }, admin);
    await expect.poll(records).toMatchObject([{ name: 'bob', details: { token: 'user', tokenId: 'id-1', userGroups: ['ops'] } }]);
    expect(JSON.stringify(records())).not.toContain('signature');
  });

  it('holds no text that a store cannot, and no long one', async () => {
    await api.put(`/meshes/a%00b${'x'.repeat(2_000)}`, mesh('m'), alice);
    await expect.poll(() => records()[0]?.name).toMatch(/^a\ufffdbx{253}$/);
    expect(records()[0]?.path.length).toBe(500);
  });
});

describe('strangers', () => {
  it('fill no disk: of what they are refused only so much is kept each second, and the rest is counted', async () => {
    const flood = STRANGER_RECORDS_PER_SECOND + 30;
    await Promise.all(Array.from({ length: flood }, () => api.put('/meshes/m2', mesh('m2'), STRANGER)));
    await api.put('/meshes/m2', mesh('m3'), alice);
    await expect.poll(() => records().at(-1)?.who).toBe('alice');
    expect(records()).toHaveLength(STRANGER_RECORDS_PER_SECOND + 1);
    expect(api.dropped).toEqual({ flood: 30 });
  });
});

describe('a client beyond its allowance of requests', () => {
  it('leaves no record: its request is counted, and that is all', async () => {
    await api.stop();
    const rateLimit = { ...apiConfig().apiServer.rateLimit, requestsPerSecond: 1 };
    const controlPlane = new MemoryControlPlane();
    api = await ApiUnderTest.start({ controlPlane, clock, config: apiConfig({ rateLimit }) });
    const statuses = await Promise.all(['a', 'b', 'c'].map(async (name) => (await api.put(`/meshes/${name}`, mesh(name), alice)).status));
    expect(statuses.sort()).toEqual([201, 429, 429]);
    expect(api.observed.filter(({ code }) => code === 429)).toHaveLength(2);
    await api.send('/global-secrets/s', { headers: admin });
    await expect.poll(() => records().map(({ who }) => who)).toEqual(['alice', 'mesh-system:admin']);
  });
});

describe('while the control plane is away', () => {
  it('records wait, in order', async () => {
    const keep = api.controlPlane.recordAudit.bind(api.controlPlane);
    let tries = 0;
    api.controlPlane.recordAudit = async () => {
      tries++;
      throw new MeshError('unavailable');
    };
    await api.send('/global-secrets/s', { headers: admin });
    await api.send('/global-secrets/s', { headers: alice });
    await expect.poll(() => tries).toBeGreaterThan(1);
    api.controlPlane.recordAudit = keep;
    await expect.poll(records).toMatchObject([{ outcome: 'done' }, { outcome: 'forbidden' }]);
  });

  it('what still waits at the end is counted', async () => {
    api.controlPlane.recordAudit = () => Promise.reject(new MeshError('unavailable'));
    await api.send('/global-secrets/s', { headers: admin });
    await api.stop();
    expect(api.dropped).toEqual({ shutdown: 1 });
  });
});

describe('GET /audit', () => {
  const read = async (path: string, headers: Readonly<Record<string, string>> = admin) => {
    const { status, text } = await api.send(path, { headers });
    return { status, body: JSON.parse(text) };
  };

  it('is for those who may read secrets', async () => {
    expect((await read('/audit', alice)).status).toBe(403);
    expect((await read('/audit', STRANGER)).status).toBe(403);
    expect((await read('/audit')).status).toBe(200);
  });

  it('gives records page by page, newest first', async () => {
    for (const name of ['a', 'b', 'c']) await api.put(`/meshes/${name}`, mesh(name), alice);
    const first = await read('/audit?size=2');
    expect(first.body.items).toMatchObject([{ name: 'c' }, { name: 'b' }]);
    const { pathname, search } = new URL(first.body.next);
    const second = await read(pathname + search);
    expect(second.body).toMatchObject({ items: [{ name: 'a', who: 'alice', method: 'PUT' }], next: null });
  });

  it('hands the filters to whoever keeps the records', async () => {
    await read('/audit?who=alice&kind=Mesh&mesh=m&name=n&outcome=done&before=7&since=1h&until=2026-11-21T12:00:00%2B02:00');
    const times = { since: '2026-11-21T09:00:00.000Z', until: '2026-11-21T10:00:00.000Z' };
    expect(api.controlPlane.auditQueries).toEqual([
      { who: 'alice', kind: 'Mesh', mesh: 'm', name: 'n', outcome: 'done', before: 7, limit: 101, ...times },
    ]);
  });

  it.each([
    'outcome=fine',
    'before=x',
    'before=99999999999999999',
    'since=yesterday',
    'until=2026-99-99T00:00:00Z',
    'who=a%00',
    'size=0',
    'size=1001',
  ])('refuses ?%s, naming the parameter', async (query) => {
    const { status, body } = await read(`/audit?${query}`);
    expect(status).toBe(400);
    expect(body.invalid_parameters).toMatchObject([{ field: query.split('=')[0] }]);
  });
});
