import { type Logger, silentLogger } from '@mesh/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiUnderTest, STRANGER } from './api-under-test.js';
import { stored } from './documents.js';
import { MemoryControlPlane } from './memory-control-plane.js';

let api: ApiUnderTest;
let lines: Record<string, unknown>[];

beforeEach(async () => {
  lines = [];
  const log: Logger = {
    ...silentLogger,
    info: (fields: object, message: string) => {
      if (message === 'audit') lines.push((fields as { audit: Record<string, unknown> }).audit);
    },
  };
  const controlPlane = new MemoryControlPlane().seed(stored('Mesh', 'default'), stored('GlobalSecret', 's', { spec: { data: 'eA==' } }));
  api = await ApiUnderTest.start({ controlPlane, log });
});
afterEach(() => api.stop());

const alice = { ...STRANGER, authorization: 'Bearer team-token' };
const admin = { ...STRANGER, authorization: 'Bearer admin-token' };

describe('the audit line', () => {
  it('of a write says who, how recognised, what, which resource, the revision and the outcome', async () => {
    const answer = await api.put('/meshes/default/dataplanes/d', dataplane('d'), alice);
    expect(lines).toEqual([
      {
        who: 'alice',
        groups: ['team', 'mesh-system:authenticated'],
        by: 'token',
        peer: '127.0.0.1',
        method: 'PUT',
        path: '/meshes/default/dataplanes/d',
        kind: 'Dataplane',
        mesh: 'default',
        name: 'd',
        revision: Number(answer.headers['kuma-revision']),
        status: 201,
        outcome: 'done',
      },
    ]);
  });

  it.each([
    ['a refused document', () => api.put('/meshes/m2', { type: 'Mesh', name: 'other' }, alice), { status: 400, outcome: 'refused' }],
    [
      'a write without credential',
      () => api.put('/meshes/m2', { type: 'Mesh', name: 'm2' }, STRANGER),
      { by: 'none', outcome: 'forbidden' },
    ],
    [
      'a write with a bad token',
      () => api.put('/meshes/m2', { type: 'Mesh', name: 'm2' }, { ...STRANGER, authorization: 'Bearer bad' }),
      { by: 'none', path: '/meshes/m2', outcome: 'unauthenticated' },
    ],
    ['a deletion', () => api.send('/meshes/nope', { method: 'DELETE' }), { by: 'localhost', status: 404, outcome: 'refused' }],
  ])('is written for %s', async (_, send, expected) => {
    await send();
    expect(lines).toEqual([expect.objectContaining(expected)]);
  });

  it.each(['/globalsecrets', '/global-secrets/s', '/globalsecrets/s?format=k8s', '/meshes/default/secrets', '/secrets'])(
    'is written for the read of secrets at %s, granted or not',
    async (path) => {
      await api.send(path, { headers: admin });
      await api.send(path, { headers: alice });
      expect(lines).toMatchObject([
        { who: 'mesh-system:admin', outcome: 'done' },
        { who: 'alice', outcome: 'forbidden' },
      ]);
    },
  );

  it('of a token says whom it is for and the ID that revokes it, and never the token', async () => {
    const claims = Buffer.from('{"jti":"id-1"}').toString('base64url');
    api.controlPlane.token = `header.${claims}.signature`;
    await api.post('/tokens/user', { name: 'bob', groups: ['ops'], validFor: '1h' });
    expect(lines).toEqual([expect.objectContaining({ token: 'user', name: 'bob', userGroups: ['ops'], tokenId: 'id-1', outcome: 'done' })]);
    expect(JSON.stringify(lines)).not.toContain('signature');
  });

  it('is not written for reads of what is no secret', async () => {
    for (const path of ['/', '/meshes', '/meshes/default', '/who-am-i', '/nope']) await api.send(path, { headers: STRANGER });
    expect(lines).toEqual([]);
  });
});

function dataplane(name: string): object {
  const inbound = [{ port: 80, tags: { 'kuma.io/service': 'web' } }];
  return { type: 'Dataplane', mesh: 'default', name, networking: { address: '127.0.0.1', inbound } };
}
