import { MeshError } from '@mesh/core';
import { resource } from '@mesh/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiUnderTest, apiConfig } from './api-under-test.js';
import { dataplaneSpec, errorBody, stored } from './documents.js';
import { MemoryControlPlane } from './memory-control-plane.js';

let api: ApiUnderTest;
const start = async (controlPlane = new MemoryControlPlane().seed(stored('Mesh', 'default')), config = apiConfig()) => {
  api = await ApiUnderTest.start({ controlPlane, config });
};
beforeEach(() => start());
afterEach(() => api.stop());

const web = { type: 'Dataplane', mesh: 'default', name: 'web', ...dataplaneSpec({ 'kuma.io/service': 'web' }) };

describe('PUT', () => {
  it('creates with 201, replaces with 200, and tells the revision of each write', async () => {
    const created = await api.put('/meshes/default/dataplanes/web', web);
    expect(created).toMatchObject({ status: 201, text: '{}\n' });
    const updated = await api.put('/meshes/default/dataplanes/web', { ...web, labels: { team: 'a' } });
    expect(updated).toMatchObject({ status: 200, text: '{}\n' });
    expect(Number(updated.headers['kuma-revision'])).toBeGreaterThan(Number(created.headers['kuma-revision']));
  });

  it('is read back by the next request of the client', async () => {
    await api.put('/meshes/default/dataplanes/web', web);
    expect(JSON.parse((await api.send('/meshes/default/dataplanes/web')).text)).toMatchObject({
      name: 'web',
      networking: { address: '10.77.0.2' },
    });
  });

  it('writes in the name of the caller', async () => {
    const authors: string[] = [];
    const put = api.controlPlane.put.bind(api.controlPlane);
    api.controlPlane.put = (request) => {
      authors.push(request.author.name);
      return put(request);
    };
    await api.put('/meshes/default/dataplanes/web', web);
    expect(authors).toEqual(['mesh-system:admin']);
  });

  it('is given up when the client hangs up before it is made', async () => {
    const begun = new Promise<AbortSignal | undefined>((resolve) => {
      api.controlPlane.put = ({ signal }) => {
        resolve(signal);
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new MeshError('unavailable'))));
      };
    });
    const client = new AbortController();
    const body = JSON.stringify(web);
    const headers = { 'content-type': 'application/json' };
    const answer = fetch(`http://127.0.0.1:${api.port}/meshes/default/dataplanes/web`, {
      method: 'PUT',
      headers,
      body,
      signal: client.signal,
    });
    const signal = await begun;
    expect(signal?.aborted).toBe(false);
    const given = new Promise((resolve) => signal?.addEventListener('abort', resolve));
    client.abort();
    await expect(answer).rejects.toThrow();
    await given;
  });

  it('takes the forms of old manuals and says what to write instead', async () => {
    const old = {
      type: 'Dataplane',
      mesh: 'default',
      name: 'redis',
      networking: { inbound: [{ interface: '127.0.0.1:9000:6379', tags: { service: 'redis' } }] },
    };
    const answer = await api.put('/meshes/default/dataplanes/redis', old);
    expect(answer.status).toBe(201);
    const { warnings } = JSON.parse(answer.text) as { warnings: string[] };
    expect(warnings.join()).toContain('old form');
    expect(JSON.parse((await api.send('/meshes/default/dataplanes/redis')).text)).toMatchObject({
      networking: { address: '127.0.0.1', inbound: [{ port: 9000, servicePort: 6379, tags: { 'kuma.io/service': 'redis' } }] },
    });
  });

  it('stores a Dataplane that is an ingress as the ZoneIngress it has become', async () => {
    const networking = { address: '127.0.0.1', ingress: {}, inbound: [{ port: 10000, tags: { service: 'ingress' } }] };
    expect((await api.put('/meshes/default/dataplanes/in', { type: 'Dataplane', mesh: 'default', name: 'in', networking })).status).toBe(
      201,
    );
    expect((await api.send('/zoneingresses/in')).status).toBe(200);
  });

  it('takes the other spelling of a path', async () => {
    expect((await api.put('/global-secrets/s', { type: 'GlobalSecret', name: 's', data: 'eA==' })).status).toBe(201);
    expect((await api.send('/globalsecrets/s')).status).toBe(200);
  });

  it.each([
    ['', 'unexpected end of JSON input'],
    ['{', "Expected property name or '}'"],
    ['[]', 'a resource is a JSON object'],
    ['"x"', 'a resource is a JSON object'],
    ['{} trailing', 'Unexpected non-whitespace character after JSON'],
    [Buffer.from([0x22, 0xff, 0x22]), 'the text is not UTF-8'],
    [`{"x":${'['.repeat(1_000_000)}`, 'nested deeper than 200 levels'],
  ])('answers %o with 400, naming the kind and the mistake', async (body, problem) => {
    const answer = await api.send('/meshes/m1', { method: 'PUT', body, headers: { 'content-type': 'application/json' } });
    expect(answer.status).toBe(400);
    const { title, detail } = JSON.parse(answer.text) as { title: string; detail: string };
    expect(title).toBe('Bad Request');
    expect(detail).toContain('invalid Mesh object: ');
    expect(detail).toContain(problem);
  });

  it('lists every disagreement of URL and body', async () => {
    const different = ['name', 'type'].map((field) => [field, `${field} from the URL has to be the same as in body`] as const);
    expect(await api.put('/meshes/m1', {})).toMatchObject({
      status: 400,
      text: errorBody(400, 'Could not process a resource', 'Resource is not valid', [...different, ['name', 'cannot be empty']]),
    });
    const answer = await api.put('/meshes/default/dataplanes/other', { ...web, mesh: 'else' });
    expect(answer.text).toContain('name from the URL');
    expect(answer.text).toContain('mesh from the URL');
  });

  it('lists every broken rule with its path and changes nothing', async () => {
    const networking = { address: '0.0.0.0', inbound: [{ port: 0, tags: { version: '1' } }] };
    const answer = await api.put('/meshes/default/dataplanes/web', { ...web, networking });
    expect(answer.status).toBe(400);
    const { title, invalid_parameters } = JSON.parse(answer.text) as { title: string; invalid_parameters: { field: string }[] };
    expect(title).toBe('Could not process a resource');
    const fields = invalid_parameters.map(({ field }) => field);
    expect(fields).toEqual(
      expect.arrayContaining(['networking.address', 'networking.inbound[0].port', 'networking.inbound[0].tags["kuma.io/service"]']),
    );
    expect((await api.send('/meshes/default/dataplanes/web')).status).toBe(404);
  });

  it('looks for the mesh before it reads the body', async () => {
    expect(await api.put('/meshes/nope/dataplanes/web', '{')).toMatchObject({
      status: 404,
      text: errorBody(404, 'Failed to retrieve Mesh', 'Not found'),
    });
  });

  it('refuses a body beyond the limit with 413 and the limit', async () => {
    const answer = await api.put('/meshes/m1', 'x'.repeat(10_000_000));
    expect(answer).toMatchObject({ status: 413, text: errorBody(413, 'Request too large', 'the body must have at most 4194304 bytes') });
  });

  it('gives what the control plane refuses the title of the operation', async () => {
    api.controlPlane.failure = new MeshError('invalid', { violations: [{ field: 'mtls', message: 'cannot' }] });
    expect((await api.put('/meshes/m1', { type: 'Mesh', name: 'm1' })).text).toBe(
      errorBody(400, 'Failed to create a resource', 'Resource is not valid', [['mtls', 'cannot']]),
    );
    expect((await api.put('/meshes/default', { type: 'Mesh', name: 'default' })).text).toContain('"title": "Failed to update a resource"');
    api.controlPlane.seed(resource('Mesh', 'labelled', '').label('kuma.io/origin', 'global').build());
    const refusal = { violations: [{ field: 'labels["kuma.io/origin"]', message: 'no' }] };
    api.controlPlane.failure = new MeshError('invalid', refusal);
    expect((await api.put('/meshes/labelled', { type: 'Mesh', name: 'labelled' })).text).toContain(
      '"title": "Could not update a resource"',
    );
    expect((await api.put('/meshes/default', { type: 'Mesh', name: 'default' })).text).toContain('"title": "Could not process a resource"');
    api.controlPlane.failure = new MeshError('mesh_not_found');
    expect((await api.put('/meshes/default/dataplanes/web', web)).text).toBe(
      errorBody(400, 'Failed to create a resource', 'Mesh is not found', [['mesh', 'Mesh is not found']]),
    );
  });

  it.each([
    [new MeshError('conflict', { public: 'somebody else was first' }), 409, 'Conflict', 'somebody else was first'],
    [new MeshError('unavailable', { public: 'the control plane is away' }), 503, 'Service unavailable', 'the control plane is away'],
    [new Error('secret of the house'), 500, 'Could not process a resource', 'Internal Server Error'],
  ])('answers %s with the right status and no more than may be known', async (...[failure, status, title, detail]) => {
    api.controlPlane.failure = failure;
    expect(await api.put('/meshes/m1', { type: 'Mesh', name: 'm1' })).toMatchObject({ status, text: errorBody(status, title, detail) });
  });
});

describe('DELETE', () => {
  it('removes with 200 and an empty object, and reads do not show it any more', async () => {
    await api.put('/meshes/default/dataplanes/web', web);
    expect(await api.send('/meshes/default/dataplanes/web', { method: 'DELETE' })).toMatchObject({ status: 200, text: '{}\n' });
    expect((await api.send('/meshes/default/dataplanes/web')).status).toBe(404);
  });

  it('answers 404 for what does not exist', async () => {
    expect((await api.send('/meshes/nope', { method: 'DELETE' })).text).toBe(errorBody(404, 'Could not delete a resource', 'Not found'));
  });

  it('says why something cannot be deleted', async () => {
    await api.put('/meshes/default/dataplanes/web', web);
    const answer = await api.send('/meshes/default', { method: 'DELETE' });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('"title": "Could not delete a resource"');
    expect(answer.text).toContain('"field": "mesh"');
  });
});

describe('writes that are not taken', () => {
  it.each([
    ['a Dataplane on a global', { mode: 'global' }, '/meshes/default/dataplanes/web', 'On global control plane'],
    ['a Mesh on a zone that has a global', { federated: true }, '/meshes/m1', 'On zone control plane'],
    ['an insight anywhere', {}, '/mesh-insights/default', 'it can be read, not modified'],
    ['a service insight', {}, '/meshes/default/service-insights/web', 'it can be read, not modified'],
    ['anything on a read-only control plane', { readOnly: true }, '/meshes/m1', 'read-only'],
  ] as const)('refuses %s with 405 and the reason', async (...[, facts, path, reason]) => {
    await api.stop();
    await start(new MemoryControlPlane(facts).seed(stored('Mesh', 'default')));
    for (const method of ['PUT', 'DELETE']) {
      const answer = await api.send(path, { method, body: '{}', headers: { 'content-type': 'application/json' } });
      expect(answer.status).toBe(405);
      expect(JSON.parse(answer.text)).toMatchObject({ title: 'Method not allowed', detail: expect.stringContaining(reason) as string });
    }
  });

  it('answers in time when the control plane hangs', async () => {
    await api.stop();
    await start(new MemoryControlPlane(), apiConfig({ writeTimeout: 50 }));
    api.controlPlane.put = () => new Promise(() => {});
    expect((await api.put('/meshes/m1', { type: 'Mesh', name: 'm1' })).status).toBe(503);
  });
});
