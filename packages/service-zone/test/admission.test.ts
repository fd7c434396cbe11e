import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { claimsOf, findEnvoy, sayHowLong } from '@mesh/testing';
import { AdsClient, fetchBootstrap, freePorts, garbage, waitFor, Zone } from '@mesh/zone-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZoneModule } from '../src/index.js';
import { HdsClient } from './hds-client.js';

const dataplane = (name: string, service = 'web') => ({
  type: 'Dataplane',
  mesh: 'default',
  name,
  networking: { address: '127.0.0.1', inbound: [{ port: 18080, tags: { 'kuma.io/service': service } }] },
});

const REQUEST = {
  mesh: 'default',
  name: 'web-1',
  proxyType: 'dataplane',
  dataplaneToken: 'a.b.c',
  dataplaneResource: JSON.stringify(dataplane('web-1')),
};

// Workers are built programs: turbo builds them before the tests of this package.
describe.each([0, 2])('a data-plane server with %i workers', (workers) => {
  let zone: Zone;
  let plainPort: number;
  beforeAll(async () => {
    [plainPort = 0] = await freePorts(1);
    zone = await Zone.start(ZoneModule, {
      KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY: '200ms',
      KUMA_BOOTSTRAP_SERVER_PORT: String(plainPort),
      KUMA_DP_SERVER_WORKERS_COUNT: String(workers),
      KUMA_DP_SERVER_WORKERS_CONNECTIONS_EACH: '0',
    });
  });
  afterAll(() => zone.stop());

  describe('POST /bootstrap', () => {
    it('answers JSON where exactly that is accepted, and YAML otherwise', async () => {
      const json = await zone.bootstrap(REQUEST);
      expect([json.status, json.type]).toEqual([200, 'application/json']);
      expect(JSON.parse(json.body).kumaSidecarConfiguration).toEqual({
        networking: { address: '127.0.0.1', corefileTemplate: null },
        metrics: { aggregate: [] },
      });
      const yaml = await zone.bootstrap(REQUEST, { accept: 'application/json, */*' });
      expect([yaml.status, yaml.type]).toEqual([200, 'text/x-yaml']);
      expect(yaml.body).toContain('id: default.web-1');
    });

    it.each([
      ['what is not JSON', '{', 400],
      ['a JSON that is no request', '{"name":7}', 400],
      ['a request without a token', { ...REQUEST, dataplaneToken: '' }, 422],
      [
        'an invalid inline resource',
        { ...REQUEST, dataplaneResource: JSON.stringify({ ...dataplane('web-1'), networking: { address: 'a b' } }) },
        422,
      ],
      ['an unknown mesh', { ...REQUEST, mesh: 'nope', dataplaneResource: JSON.stringify({ ...dataplane('web-1'), mesh: 'nope' }) }, 422],
      ['an unknown proxy type', { ...REQUEST, proxyType: 'router' }, 500],
      ['ten megabytes', Buffer.alloc(10 * 1024 * 1024, 'x'), 413],
    ])('refuses %s', async (_, body, status) => {
      expect((await zone.bootstrap(body)).status).toBe(status);
    });

    it('answers a proxy it does not know with an empty 404, so that kuma-dp asks again', async () => {
      const answer = await zone.bootstrap({ ...REQUEST, dataplaneResource: '' });
      expect([answer.status, answer.body]).toEqual([404, '']);
    });

    it('is also served in plain HTTP to clients of Kuma 0.x', async () => {
      await zone.apply(dataplane('redis-1', 'redis'));
      const body = JSON.stringify({ mesh: 'default', name: 'redis-1', adminPort: 9901, dataplaneTokenPath: '/tmp/token' });
      const answer = await fetch(`http://127.0.0.1:${plainPort}/bootstrap`, { method: 'POST', body });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/x-yaml']);
      expect(await answer.text()).toContain(`portValue: ${zone.runner.dataplanePort}`);
    });

    it.each([
      ['an Envoy bootstrap', []],
      ['an Envoy bootstrap for delta and unified names', ['feature-delta-grpc', 'feature-unified-resource-naming']],
    ])('gives %s that Envoy accepts', async (_, features) => {
      const dir = mkdtempSync(join(tmpdir(), 'mesh-bootstrap-'));
      try {
        const file = join(dir, 'bootstrap.yaml');
        writeFileSync(file, await fetchBootstrap({ zone, name: 'web-1', document: dataplane('web-1'), token: 'a.b.c', features }, dir));
        await promisify(execFile)(findEnvoy(), ['--mode', 'validate', '--config-path', file]);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    });
  });

  describe('an xDS stream', () => {
    const connect = (name: string, token: string, inline: object | undefined = dataplane(name)) =>
      AdsClient.connect({ port: zone.runner.dataplanePort, ca: zone.certificate, nodeId: `default.${name}`, token, inline });

    it.each([
      ['no token', async () => ''],
      ['what is no token', async () => 'garbage'],
      ['the token of another dataplane', () => zone.token('other')],
      ['an expired token', () => zone.token('web-9', { validForMs: -60_000 })],
    ])('is refused with %s, and nothing is written', async (_, token) => {
      const client = connect('web-9', await token());
      expect(await client.ended).toMatchObject({ code: 16 });
      expect(zone.controlPlane.view.get({ kind: 'Dataplane', mesh: 'default', name: 'web-9' })).toBeUndefined();
    });

    it('is refused where the inline resource is another proxy', async () => {
      const client = connect('web-9', await zone.token('web-9'), dataplane('other'));
      expect(await client.ended).toMatchObject({ code: 3 });
    });

    it('is refused where the credential does not fit what is registered under the name', async () => {
      await zone.apply(dataplane('bound-1', 'payments'));
      const token = await zone.controlPlane.issueToken({
        type: 'dataplane',
        name: '',
        mesh: 'default',
        tags: { 'kuma.io/service': ['web'] },
        proxyType: 'dataplane',
        workload: '',
        validForMs: 60_000,
      });
      expect(await connect('bound-1', token, dataplane('bound-1', 'web')).ended).toMatchObject({ code: 16 });
      expect(zone.controlPlane.view.find('Dataplane', 'default', 'bound-1')?.spec).toMatchObject({
        networking: { inbound: [{ tags: { 'kuma.io/service': 'payments' } }] },
      });
    });

    it('is the only one of its proxy, which is registered with it and removed some time after', async () => {
      const key = { kind: 'Dataplane', mesh: 'default', name: 'web-2' };
      const token = await zone.token('web-2');
      const client = connect('web-2', token);
      await client.firstResponse;
      expect(zone.controlPlane.view.get(key)?.meta.labels).toMatchObject({ 'kuma.io/zone': 'zone-1', 'kuma.io/origin': 'zone' });
      const second = await connect('web-2', token).ended;
      expect(second.details).toContain('there is already an active stream from this node, try again later');
      client.close();
      await waitFor(() => zone.controlPlane.view.get(key) === undefined, 'the removal of the proxy');
      expect(zone.controlPlane.view.get({ ...key, kind: 'DataplaneInsight' })).toBeUndefined();
    });

    it('ends when its token is revoked', async () => {
      const token = await zone.token('web-3');
      const client = connect('web-3', token);
      await client.firstResponse;
      const data = Buffer.from(claimsOf(token).jti).toString('base64');
      const revokedAt = Date.now();
      await zone.apply({ type: 'GlobalSecret', name: 'dataplane-token-revocations-default', data });
      expect(await client.ended).toMatchObject({ code: 16 });
      sayHowLong('from the write of a revocation to the end of the xDS stream', revokedAt);
    });

    it('ends when its token expires', async () => {
      const token = await zone.token('web-4', { validForMs: 4_000 });
      const client = connect('web-4', token);
      await client.firstResponse;
      expect(await client.ended).toMatchObject({ code: 16, details: expect.stringContaining('expired') });
      sayHowLong('from the expiry of a token to the end of the xDS stream', claimsOf(token).exp * 1000);
    });

    it('goes on while another token is revoked, and ends when the key of its own is gone', async () => {
      const client = connect('web-5', await zone.token('web-5'));
      await client.firstResponse;
      await zone.apply({
        type: 'GlobalSecret',
        name: 'dataplane-token-revocations-default',
        data: Buffer.from('other').toString('base64'),
      });
      const state = await Promise.race([client.ended, zone.bootstrap(REQUEST).then(() => 'open')]);
      expect(state).toBe('open');
      const key = { kind: 'Secret', mesh: 'default', name: 'dataplane-token-signing-key-default-1' };
      const { data } = zone.controlPlane.view.get(key)?.spec ?? {};
      await zone.controlPlane.delete({ key, author: { name: 'mesh-system:admin' } });
      expect(await client.ended).toMatchObject({ code: 16 });
      await zone.apply({ type: 'Secret', mesh: 'default', name: key.name, data });
    });

    it('of a proxy of a zone is sent elsewhere', async () => {
      const client = AdsClient.connect({
        port: zone.runner.dataplanePort,
        ca: zone.certificate,
        nodeId: '.in-1',
        token: 'x',
        proxyType: 'ingress',
      });
      expect(await client.ended).toMatchObject({ code: 3 });
    });
  });

  describe('a health stream', () => {
    const probed = (name: string) => ({
      ...dataplane(name),
      networking: {
        address: '127.0.0.1',
        inbound: [{ port: 18080, serviceProbe: { tcp: {} }, tags: { 'kuma.io/service': 'web' } }],
      },
    });

    it('is refused with a bad token, and ends when a good one expires', async () => {
      await zone.apply(probed('web-6'));
      const connect = (token: string) =>
        HdsClient.connect({ port: zone.runner.dataplanePort, ca: zone.certificate, nodeId: 'default.web-6', token });
      expect(await connect('garbage').ended).toMatchObject({ code: 16 });
      const token = await zone.token('web-6', { validForMs: 4_000 });
      const client = connect(token);
      await client.firstResponse;
      expect(await client.ended).toMatchObject({ code: 16, details: expect.stringContaining('expired') });
      sayHowLong('from the expiry of a token to the end of the HDS stream', claimsOf(token).exp * 1000);
    });
  });

  describe('garbage on the data-plane port', () => {
    const port = () => zone.runner.dataplanePort;
    const endOf = (socket: { on(event: string, listener: () => void): unknown; resume(): unknown }) =>
      new Promise<void>((resolve) => {
        socket.on('error', () => resolve());
        socket.on('close', () => resolve());
        socket.resume();
      });
    const overTls = (bytes: Buffer, alpn: string[]) => {
      const socket = connectTls({ host: '127.0.0.1', port: port(), ca: zone.certificate, ALPNProtocols: alpn }, () => socket.end(bytes));
      return endOf(socket);
    };

    it('harms nobody', async () => {
      const plain = connectTcp(port(), '127.0.0.1', () => plain.end(garbage(4096)));
      await endOf(plain);
      await overTls(garbage(4096), ['h2']);
      await overTls(garbage(4096), ['http/1.1']);
      await overTls(Buffer.from('POST /bootstrap HTTP/1.1\r\ncontent-length: nonsense\r\n\r\n'), ['http/1.1']);
      await overTls(Buffer.from(`GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`), ['http/1.1']);
      expect((await zone.bootstrap(REQUEST)).status).toBe(200);
    });
  });
});
