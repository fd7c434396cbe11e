import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlaneHandle, choosePort, Deployment, type ManagedProcess, until } from '@mesh/lab-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { grpcCall } from './grpc-call.js';
import { UserMachine } from './user-machine.js';
import { makeWorkDir } from './work-dir.js';

const workDir = makeWorkDir('wrong-input');
const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
const machine = new UserMachine({ name: 'user', deployment });
let global: ControlPlaneHandle;
let zone: ControlPlaneHandle;
let before: { pids: number[]; resources: unknown };

beforeAll(async () => {
  global = await deployment.launchControlPlane({ name: 'global', store: { type: 'memory' }, layout: 'services' });
  await deployment.waitForApi(global);
  zone = await deployment.launchControlPlane({ name: 'zone-1', store: { type: 'memory' }, layout: 'services', global });
  await deployment.waitForApi(zone);
  await deployment.waitForZone(global, 'zone-1');
  await deployment.until('the mesh in the zone', () => zone.api.get('/meshes/default'));
  // A zone comes to be by connecting, whatever it says then: the tests connect as one that is there.
  await global.api.put('/zones/zone-9', { type: 'Zone', name: 'zone-9', enabled: true });
  await machine.shell(`kumactl config control-planes add --name zone --address ${zone.api.url}`);
});

afterAll(async () => {
  await deployment.stop();
  rmSync(workDir, { recursive: true, force: true });
});

beforeEach(async () => {
  before = await state();
});

/** Whatever a test sent: the same processes run, and nothing is stored that was not there. */
afterEach(async () => {
  expect(await state()).toEqual(before);
});

async function state() {
  const pids = [...global.processes, ...zone.processes].filter((process) => process.running).map((process) => process.pid);
  const paths = ['/meshes', '/dataplanes', '/zoneingresses', '/zones', '/meshtimeouts', '/meshes/default/traffic-permissions'];
  const names = (cp: ControlPlaneHandle) =>
    Promise.all(paths.map(async (path) => (await cp.api.get<{ items: { name: string }[] }>(path))?.items.map((item) => item.name)));
  return { pids, resources: [await names(global), await names(zone)] };
}

async function send(cp: ControlPlaneHandle, path: string, body: string | Uint8Array) {
  const response = await fetch(cp.api.url + path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: body as string });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const DATAPLANE = '/meshes/default/dataplanes/dp-1';
const dataplane = (networking: object, mesh = 'default') => JSON.stringify({ type: 'Dataplane', mesh, name: 'dp-1', networking });
const inbound = (change: object) => ({ inbound: [{ port: 8080, tags: { 'kuma.io/service': 'web' }, ...change }] });
const TAGS = 'networking.inbound[0].tags';

describe('what the API of a zone is given wrongly', () => {
  it.each([
    ['no JSON', '{"type": ', 'type'],
    ['a missing service', dataplane({ address: '10.0.0.1', ...inbound({ tags: {} }) }), `${TAGS}["kuma.io/service"]`],
    ['a bad address', dataplane({ address: '300.1.1.1:x', ...inbound({}) }), 'networking.address'],
    ['no address', dataplane(inbound({})), 'networking.address'],
    ['a port too large', dataplane({ address: '10.0.0.1', ...inbound({ port: 70_000 }) }), 'networking.inbound[0].port'],
    ['no port', dataplane({ address: '10.0.0.1', ...inbound({ port: 0 }) }), 'networking.inbound[0].port'],
    ['another mesh than the path', dataplane({ address: '10.0.0.1', ...inbound({}) }, 'other'), 'mesh'],
  ])('is refused, field by field: %s', async (name, body, field) => {
    const answer = await send(zone, DATAPLANE, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ type: '/std-errors', status: 400, title: expect.any(String), detail: expect.any(String) });
    if (name === 'no JSON') expect(answer.body['detail']).toMatch(/JSON/);
    else expect(answer.body['invalid_parameters']).toContainEqual({ field, reason: expect.stringMatching(/\w+/) });
  });

  it('is refused with 404 where the mesh does not exist, and the kind', async () => {
    const body = dataplane({ address: '10.0.0.1', ...inbound({}) }, 'nope');
    const mesh = await send(zone, '/meshes/nope/dataplanes/dp-1', body);
    expect(mesh).toMatchObject({ status: 404, body: { type: '/std-errors', title: 'Failed to retrieve Mesh' } });
    const kind = await fetch(`${zone.api.url}/meshes/default/nothings/x`, { method: 'PUT', body: '{}' });
    expect(kind.status).toBe(404);
    const policy = { type: 'MeshTimeout', mesh: 'nope', name: 'x', spec: { targetRef: { kind: 'Mesh' } } };
    expect((await send(global, '/meshes/nope/meshtimeouts/x', JSON.stringify(policy))).status).toBe(404);
  });

  it('is refused with 413 where the body has 10 MB, at every server that takes bodies', async () => {
    const large = Buffer.alloc(10 * 1024 * 1024, 'a');
    for (const cp of [global, zone]) {
      const { status, body } = await send(cp, cp === zone ? DATAPLANE : '/meshes/x', large);
      expect({ status, type: body['type'] }).toEqual({ status: 413, type: '/std-errors' });
    }
    const { status } = await bootstrap(large);
    expect(status).toBe(413);
    expect((await grpcCall({ ...kdsCall('GlobalToZoneSync'), message: large })).status).not.toBe('0');
  });

  it('is refused by kumactl with document and line', async () => {
    const apply = (text: string) => machine.attempt(`printf '${text}' | kumactl apply -f -`);
    const bad = await apply('type: Mesh\\nname: a\\n---\\ntype: [\\n');
    expect(bad).toMatchObject({ code: 1, stderr: expect.stringContaining('resource[1]: failed to parse resource: not YAML') });
    const unknown = await apply('type: Nothing\\nname: a\\n');
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('invalid resource type "Nothing"') });
  });
});

function kdsCall(method: string) {
  return {
    origin: `https://127.0.0.1:${global.ports.kds}`,
    method: `/kuma.mesh.v1alpha1.KDSSyncService/${method}`,
    headers: { 'client-id': 'zone-9' },
  };
}

describe('what the KDS port is given wrongly', () => {
  it('ends the stream with a reason: a first message without node', async () => {
    const { status, message } = await grpcCall({ ...kdsCall('GlobalToZoneSync'), message: new Uint8Array() });
    expect(status).toBe('3');
    expect(message).toMatch(/node/);
  });

  it('ends the stream with a reason: no client-id, bytes that are no message', async () => {
    const nameless = await grpcCall({ ...kdsCall('GlobalToZoneSync'), headers: {}, message: new Uint8Array() });
    expect(nameless.status).not.toBe('0');
    expect(nameless.message).toMatch(/client-id/);
    const garbage = await grpcCall({ ...kdsCall('ZoneToGlobalSync'), message: Buffer.alloc(64, 0xff) });
    expect(garbage).toEqual({ status: '3', message: 'the message cannot be decoded' });
  });
});

async function bootstrap(body: Uint8Array | string): Promise<{ status: number; text: string }> {
  const { request } = await import('node:https');
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: zone.ports.dp, path: '/bootstrap', method: 'POST', rejectUnauthorized: false, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('what a proxy comes with wrongly', () => {
  const good = { name: 'dp-1', mesh: 'default', validFor: '24h' };
  const token = (body: object) => zone.api.post('/tokens/dataplane', body);

  async function start(name: string, proxy: { token: string; mesh?: string; type?: 'ingress' }): Promise<ManagedProcess> {
    const networking =
      proxy.type === 'ingress'
        ? { address: '127.0.0.1', port: await choosePort(0) }
        : { address: '127.0.0.1', inbound: [{ port: await choosePort(0), tags: { 'kuma.io/service': 'web' } }] };
    const document =
      proxy.type === 'ingress'
        ? { type: 'ZoneIngress', name: 'ingress-1', networking }
        : { type: 'Dataplane', name: 'dp-1', mesh: proxy.mesh ?? 'default', networking };
    writeFileSync(join(machine.home, `${name}.yaml`), JSON.stringify(document));
    writeFileSync(join(machine.home, `${name}.token`), proxy.token);
    return machine.start(
      name,
      `kuma-dp run --cp-address=https://127.0.0.1:${zone.ports.dp} --ca-cert-file=${zone.workDir}/kuma-cp.crt --dataplane-file=${name}.yaml \\
--dataplane-token-file=${name}.token --proxy-type=${proxy.type ?? 'dataplane'} --envoy-log-level=warning`,
    );
  }

  it.each<[string, () => Promise<{ token: string; type?: 'ingress' }>, RegExp]>([
    ['an expired token', async () => ({ token: await token({ ...good, validFor: '-1h' }) }), /the token is expired/],
    [
      'a token of another dataplane',
      async () => ({ token: await token({ ...good, name: 'dp-2' }) }),
      /dp-1 is different than in token: dp-2/,
    ],
    [
      'a token with other tags',
      async () => ({ token: await token({ ...good, tags: { 'kuma.io/service': ['db'] } }) }),
      /value "web" which is not allowed/,
    ],
    [
      'a token with one byte changed',
      async () => ({ token: `${(await token(good)).slice(0, -8)}AAAAAAAA` }),
      /signature of the token is not valid/,
    ],
    [
      'a token of another zone',
      async () => ({ token: await zoneToken('zone-2', 'ingress'), type: 'ingress' }),
      /zone-1 is different than in token: zone-2/,
    ],
    ['a token of another scope', async () => ({ token: await zoneToken('zone-1', 'egress'), type: 'ingress' }), /its scope is \[egress\]/],
  ])('is not let in and reads why: %s', async (what, credentials, reason) => {
    const proxy = await start(what.replaceAll(' ', '-'), await credentials());
    await until({ what: `the reason in the log of the proxy of ${what}`, deadlineMs: 30_000, intervalMs: 100 }, () =>
      reason.test(readable(proxy.tail(500))),
    );
    expect(proxy.running).toBe(true);
    await proxy.stop('SIGKILL');
  });

  it('ends at once where its mesh does not exist, or there is no token', async () => {
    const attempt = (file: string, more: string) =>
      machine.attempt(
        `kuma-dp run --cp-address=https://127.0.0.1:${zone.ports.dp} --ca-cert-file=${zone.workDir}/kuma-cp.crt --dataplane-file=${file} ${more}`,
      );
    const document = { type: 'Dataplane', name: 'dp-1', mesh: 'nope', networking: { address: '127.0.0.1', ...inbound({}) } };
    writeFileSync(join(machine.home, 'nope.yaml'), JSON.stringify(document));
    writeFileSync(join(machine.home, 'good.yaml'), JSON.stringify({ ...document, mesh: 'default' }));
    writeFileSync(join(machine.home, 'token'), await token(good));
    expect(await attempt('nope.yaml', '--dataplane-token-file=token')).toMatchObject({
      stderr: expect.stringContaining('mesh "nope" does not exist'),
    });
    expect(await attempt('good.yaml', '')).toMatchObject({ stderr: expect.stringContaining('Dataplane Token is required') });
    writeFileSync(join(machine.home, 'token'), 'garbage');
    expect(await attempt('good.yaml', '--dataplane-token-file=token')).toMatchObject({ stderr: expect.stringContaining('is not a token') });
  });
});

/** Envoy logs the message of a gRPC status as it came, percent-encoded. */
function readable(log: string): string {
  return log.replace(/%[0-9A-F]{2}/g, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}

async function zoneToken(name: string, scope: string): Promise<string> {
  return global.api.post('/tokens/zone', { zone: name, scope: [scope], validFor: '24h' });
}
