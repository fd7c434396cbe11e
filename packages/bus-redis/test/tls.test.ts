import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Logger, silentLogger } from '@mesh/core';
import { RedisServer } from '@mesh/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RedisBus } from '../src/index.js';

const execute = promisify(execFile);
const eventually = { timeout: 20_000, interval: 10 };
const PASSWORD = 'hush';

describe('a bus over TLS', () => {
  const dir = mkdtempSync(join(tmpdir(), 'mesh-redis-tls-'));
  const certFile = join(dir, 'redis.crt');
  const strange = join(dir, 'strange.crt');
  const buses: RedisBus[] = [];
  let server: RedisServer;

  beforeAll(async () => {
    for (const file of [certFile, strange]) {
      const keys = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${file}.key`, '-out', file];
      await execute('openssl', ['req', '-x509', ...keys, '-days', '1', '-subj', '/CN=redis', '-addext', 'subjectAltName=DNS:localhost']);
    }
    server = await RedisServer.start({ tls: { certFile, keyFile: `${certFile}.key` }, password: PASSWORD });
  });
  afterEach(() => Promise.all(buses.splice(0).map((bus) => bus.close())));
  afterAll(async () => {
    await server.kill();
    rmSync(dir, { recursive: true, force: true });
  });

  function instance(instanceId: string, change: { url?: string; caFile?: string; log?: Logger } = {}): RedisBus {
    const bus = new RedisBus({ url: server.url, caFile: certFile, storeId: 's', instanceId, log: silentLogger, beatMs: 200, ...change });
    buses.push(bus);
    return bus;
  }

  it('lets instances know each other that trust its CA and know its password', async () => {
    const [a, b] = [instance('a'), instance('b')];
    await vi.waitFor(() => expect([a, b].map((bus) => bus.peers().map((peer) => peer.instanceId))).toEqual([['b'], ['a']]), eventually);
  });

  it.each([
    ['an instance that trusts another CA', () => ({ caFile: strange }), /self-signed|unable to verify|certificate/i],
    ['one with another password', () => ({ url: server.url.replace(PASSWORD, 'guess') }), /WRONGPASS|password/i],
    ['one that speaks no TLS', () => ({ url: server.url.replace('rediss', 'redis'), caFile: '' }), /closed|reset|ECONNRESET/i],
  ])('keeps out %s', async (_, change, reason) => {
    const reasons: string[] = [];
    const note: Logger['debug'] = (fields) => void reasons.push(JSON.stringify(fields));
    const outside = instance('c', { ...change(), log: { ...silentLogger, debug: note, warn: note } });
    await vi.waitFor(() => expect(reasons.join(' ')).toMatch(reason), eventually);
    expect(outside.connected).toBe(false);
  });
});
