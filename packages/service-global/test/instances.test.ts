import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@mesh/store-postgres';
import { RedisServer } from '@mesh/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { copyOf, eventually, startGlobal, startZone, useScope } from './deployment.fixture.js';

const author = { name: 'test' };
const soon = { timeout: 20_000, interval: 20 };
const dataplane = {
  kind: 'Dataplane',
  mesh: 'default',
  name: 'web-1',
  spec: { networking: { address: '10.0.0.1', inbound: [{ port: 8080, tags: { 'kuma.io/service': 'web' } }] } },
};

describe('two instances of a global', () => {
  const scope = useScope();
  let dataDir: string;
  let postgres: EmbeddedPostgres;
  let redis: RedisServer;
  let databases = 0;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'mesh-instances-'));
    const names = ['d1', 'd2', 'd3'];
    [postgres, redis] = await Promise.all([
      startEmbeddedPostgres({ dataDir: join(dataDir, 'data'), temporary: true, databases: names }),
      RedisServer.start(),
    ]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([postgres?.stop(), redis?.kill()]);
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Two globals on one database, and a zone connected to the first, with a proxy that answers with `dump`. */
  async function start(redisUrl: string, dump: Buffer) {
    databases++;
    const env = {
      KUMA_STORE_TYPE: 'postgres',
      KUMA_STORE_POSTGRES_HOST: postgres.host,
      KUMA_STORE_POSTGRES_PORT: String(postgres.port),
      KUMA_STORE_POSTGRES_USER: postgres.user,
      KUMA_STORE_POSTGRES_PASSWORD: postgres.password,
      KUMA_STORE_POSTGRES_DB_NAME: `d${databases}`,
      KUMA_STORE_POSTGRES_AUTO_MIGRATE: 'true',
      KUMA_REDIS_URL: redisUrl,
    };
    const first = await startGlobal(scope.dir, { env });
    scope.running.push(first);
    const second = await startGlobal(scope.dir, { env });
    scope.running.push(second);
    const zone = await startZone(scope.dir, { name: 'zone-1', port: first.port, proxyAdmin: async () => dump });
    scope.running.push(zone);
    await zone.sync.firstSync;
    await zone.opened.controlPlane.put({ draft: dataplane, author });
    const name = (await eventually(second.opened, () => copyOf(second.opened, 'Dataplane', 'web-1'))).meta.name;
    const ask = () => second.opened.controlPlane.proxyAdmin({ kind: 'Dataplane', mesh: 'default', name, what: 'xds', format: 'json' });
    const converge = async () => {
      const { revision } = await second.opened.controlPlane.put({
        draft: { kind: 'Mesh', mesh: '', name: `m-${randomBytes(3).toString('hex')}`, spec: {} },
        author,
      });
      return second.opened.controlPlane.convergence({ revision, waitMs: 10_000 });
    };
    return { first, second, zone, ask, converge };
  }

  it('reach the proxies of a zone, and know what it has, whichever of them it is connected to', async () => {
    const dump = randomBytes(300_000);
    const { second, ask, converge } = await start(redis.url, dump);
    await vi.waitFor(async () => expect(Buffer.from(await ask()).equals(dump)).toBe(true), soon);
    expect(await converge()).toMatchObject({ state: 'converged', zones: [{ zone: 'zone-1', state: 'converged', stored: true }] });
    const metrics = await second.metrics.text();
    expect(metrics).toMatch(/bus_connected\{[^}]*\} 1\n/);
    expect(metrics).toMatch(/bus_peers\{[^}]*\} 1\n/);
    expect(metrics).toMatch(/bus_requests_total\{method="proxy-admin",result="ok"[^}]*\} 1\n/);
  }, 60_000);

  it('say so while Redis is away, write and sync all the same, and reach each other again when it is back', async () => {
    const { second, zone, ask, converge } = await start(redis.url, Buffer.from('dump'));
    await vi.waitFor(async () => expect(String(await ask())).toBe('dump'), soon);
    await redis.kill();
    await vi.waitFor(
      () => expect(ask()).rejects.toMatchObject({ code: 'unavailable', hint: expect.stringContaining('Redis is away') }),
      soon,
    );
    const away = await converge();
    expect(away).toMatchObject({ state: 'unknown', zones: [{ zone: 'zone-1', state: 'unknown' }] });
    const written = { draft: { kind: 'Mesh', mesh: '', name: 'while-away', spec: {} }, author };
    await second.opened.controlPlane.put(written);
    await eventually(zone.opened, () => copyOf(zone.opened, 'Mesh', 'while-away'));
    await redis.startAgain();
    await vi.waitFor(async () => expect(String(await ask())).toBe('dump'), soon);
    expect(await converge()).toMatchObject({ state: 'converged' });
  }, 60_000);

  it('without Redis name the instance that has the zone, and what to set', async () => {
    const { first, ask, converge } = await start('', Buffer.from('dump'));
    const { id } = first.opened.instance;
    await vi.waitFor(
      () =>
        expect(ask()).rejects.toMatchObject({
          code: 'unavailable',
          public: expect.stringContaining(id),
          hint: expect.stringContaining('KUMA_REDIS_URL'),
        }),
      soon,
    );
    expect(await converge()).toMatchObject({ state: 'unknown', zones: [{ state: 'unknown', reason: expect.stringContaining(id) }] });
  }, 60_000);
});
