import { randomBytes } from 'node:crypto';
import { askOnce, holderOf, MeshError, silentLogger } from '@mesh/core';
import { RedisServer } from '@mesh/testing';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RedisBus, type RedisBusOptions } from '../src/index.js';

const eventually = { timeout: 20_000, interval: 10 };
const text = (value: string): Buffer => Buffer.from(value);

describe('RedisBus', () => {
  let server: RedisServer;
  const buses: RedisBus[] = [];
  const join = (instanceId: string, options: Partial<RedisBusOptions> = {}): RedisBus => {
    const bus = new RedisBus({ url: server.url, caFile: '', storeId: 's', instanceId, log: silentLogger, beatMs: 200, ...options });
    buses.push(bus);
    return bus;
  };
  const idsSeenBy = (bus: RedisBus): string[] =>
    bus
      .peers()
      .map(({ instanceId }) => instanceId)
      .sort();
  const pair = async (): Promise<[RedisBus, RedisBus]> => {
    const both: [RedisBus, RedisBus] = [join('a'), join('b')];
    await vi.waitFor(() => expect(both.map(idsSeenBy)).toEqual([['b'], ['a']]), eventually);
    return both;
  };
  const echo = (bus: RedisBus): void => bus.serve('echo', (body, answer) => answer.tell(body));

  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
    await server.kill();
  });

  it('lets instances of one store know each other, what they hold, and who leaves', async () => {
    const stranger = join('c', { storeId: 'another' });
    const [a, b] = await pair();
    const release = b.hold('kds-admin/zone-1', '1');
    await vi.waitFor(() => expect(holderOf(a, 'kds-admin/zone-1')?.instanceId).toBe('b'), eventually);
    release();
    await vi.waitFor(() => expect(holderOf(a, 'kds-admin/zone-1')).toBeUndefined(), eventually);
    expect([idsSeenBy(stranger), stranger.connected]).toEqual([[], true]);
    await b.close();
    await vi.waitFor(() => expect(idsSeenBy(a)).toEqual([]), eventually);
  });

  it('names the one that came to hold a fact last', async () => {
    const [a, b] = await pair();
    const c = join('c');
    b.hold('zone', '2');
    c.hold('zone', '1');
    await vi.waitFor(() => expect(a.peers().filter(({ facts }) => facts.has('zone'))).toHaveLength(2), eventually);
    expect(holderOf(a, 'zone')?.instanceId).toBe('b');
  });

  it('forgets an instance that is silent', async () => {
    const [a] = await pair();
    const raw = new Redis(server.url);
    await raw.publish('mesh:s:all', `${JSON.stringify({ is: 'here', from: 'ghost', news: false, facts: {} })}\n`);
    await vi.waitFor(() => expect(idsSeenBy(a)).toContain('ghost'), eventually);
    await vi.waitFor(() => expect(idsSeenBy(a)).toEqual(['b']), eventually);
    raw.disconnect();
  });

  it.each([0, 100, 64 * 1024 + 1, 5_000_000])('carries a request and its answer of %d bytes as they are', async (size) => {
    const [a, b] = await pair();
    echo(b);
    const body = randomBytes(size);
    expect(Buffer.from(await askOnce(a, { instanceId: 'b', method: 'echo', body }, 10_000)).equals(body)).toBe(true);
  });

  it('leaves nothing in Redis', async () => {
    const [a, b] = await pair();
    echo(b);
    await askOnce(a, { instanceId: 'b', method: 'echo', body: randomBytes(200_000) }, 10_000);
    const raw = new Redis(server.url);
    expect(await raw.keys('*')).toEqual([]);
    raw.disconnect();
  });

  it('tells in order, large and small, until the asker has enough', async () => {
    const [a, b] = await pair();
    let served: AbortSignal | undefined;
    b.serve('count', (_, answer) => {
      served = answer.signal;
      for (let n = 0; n < 20; n++) answer.tell(Buffer.concat([text(`${n};`), Buffer.alloc(n % 3 === 0 ? 100_000 : 0)]));
    });
    const told: number[] = [];
    const over = new AbortController();
    a.ask(
      { instanceId: 'b', method: 'count', body: text(''), signal: over.signal },
      { onTell: (body) => told.push(Number.parseInt(body.toString(), 10)), onEnd: () => {} },
    );
    await vi.waitFor(() => expect(told).toEqual(Array.from({ length: 20 }, (_, n) => n)), eventually);
    expect(served?.aborted).toBe(false);
    over.abort();
    await vi.waitFor(() => expect(served?.aborted).toBe(true), eventually);
  });

  it('goes on serving a request for as long as it is waited for', async () => {
    const [a, b] = await pair();
    let tell: (n: number) => void = () => {};
    let asks = 0;
    b.serve('watch', (_, answer) => {
      asks++;
      tell = (n) => answer.tell(text(String(n)));
    });
    const told: string[] = [];
    const over = new AbortController();
    a.ask(
      { instanceId: 'b', method: 'watch', body: text(''), signal: over.signal },
      { onTell: (body) => told.push(String(body)), onEnd: () => {} },
    );
    await vi.waitFor(() => expect(asks).toBe(1), eventually);
    // Longer than a silent asker is served.
    const beats = vi.fn();
    a.subscribe(beats);
    const until = performance.now() + 1_500;
    await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(until), eventually);
    tell(7);
    await vi.waitFor(() => expect(told).toEqual(['7']), eventually);
    expect(asks).toBe(1);
    over.abort();
  });

  it('brings back the error of the other instance', async () => {
    const [a, b] = await pair();
    b.serve('refuse', (_, answer) => answer.end(new MeshError('not_found', { public: 'no such proxy', hint: 'look' })));
    b.serve('break', () => {
      throw new Error('a bug');
    });
    const ask = (method: string) => askOnce(a, { instanceId: 'b', method, body: text('') }, 10_000);
    await expect(ask('refuse')).rejects.toMatchObject({ code: 'not_found', public: 'no such proxy', hint: 'look' });
    await expect(ask('break')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(ask('unheard-of')).rejects.toMatchObject({ code: 'unavailable', public: expect.stringContaining('unheard-of') });
    await expect(askOnce(a, { instanceId: 'z', method: 'x', body: text('') }, 10_000)).rejects.toMatchObject({
      public: 'instance z is gone',
    });
  });

  it('ends requests to an instance that leaves', async () => {
    const [a, b] = await pair();
    b.serve('never', () => {});
    const asked = askOnce(a, { instanceId: 'b', method: 'never', body: text('') }, 60_000);
    const refused = expect(asked).rejects.toMatchObject({ code: 'unavailable' });
    await b.close();
    await refused;
  });

  it('is back, with peers and facts, when Redis was killed and starts again empty; meanwhile it says that it is away', async () => {
    const [a, b] = await pair();
    echo(b);
    b.hold('fact', '1');
    await vi.waitFor(() => expect(holderOf(a, 'fact')).toBeDefined(), eventually);
    await server.kill();
    await vi.waitFor(() => expect([a.connected, b.connected]).toEqual([false, false]), eventually);
    // Who is out of reach for want of Redis may well be there: what it held stays known.
    expect(holderOf(a, 'fact')?.instanceId).toBe('b');
    const ask = () => askOnce(a, { instanceId: 'b', method: 'echo', body: text('x') }, 10_000);
    await expect(ask()).rejects.toMatchObject({ code: 'unavailable', public: expect.stringContaining('Redis') });
    const startedAt = performance.now();
    await server.startAgain();
    await vi.waitFor(() => expect([a.connected, b.connected]).toEqual([true, true]), eventually);
    process.stdout.write(`connected ${Math.round(performance.now() - startedAt)} ms after the start of a new Redis\n`);
    await vi.waitFor(async () => expect(String(await ask())).toBe('x'), eventually);
    expect(holderOf(a, 'fact')?.instanceId).toBe('b');
  });

  it('survives what no instance says', async () => {
    const [a, b] = await pair();
    echo(b);
    const raw = new Redis(server.url);
    for (const junk of [
      '',
      '\n',
      '{}\n',
      '{"is":"ask"}\n',
      '[1]\n',
      '{"is":"tell","from":"x","id":7}\n',
      'null\n{}',
      '{"is":"here","from":"y","news":true,"facts":{"a":1}}\n',
    ]) {
      for (const channel of ['mesh:s:all', 'mesh:s:to:b']) await raw.publish(channel, junk);
    }
    await raw.publish('mesh:s:to:b', `${JSON.stringify({ is: 'ask', from: 'x', id: '1', method: 'echo', ref: 'secret:key' })}\n`);
    expect(String(await askOnce(a, { instanceId: 'b', method: 'echo', body: text('x') }, 10_000))).toBe('x');
    expect(idsSeenBy(b)).toEqual(['a']);
    raw.disconnect();
  });
});
