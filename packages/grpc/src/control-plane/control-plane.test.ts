import { once } from 'node:events';
import { credentials, type Server } from '@grpc/grpc-js';
import type { MeshError, ProxyConvergence, ViewEvent } from '@mesh/core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Inbox } from '../../test/inbox.js';
import { MemoryControlPlane } from '../../test/memory-control-plane.js';
import { makePem, type TestPem } from '../../test/tls.js';
import { createGrpcServer } from '../server.js';
import { GrpcControlPlane } from './client.js';
import { internalCredentials } from './credentials.js';
import { serveControlPlane } from './serve.js';

const author = { name: 'test', groups: ['g'] };
const dataplane = (name: string, spec: object = {}) => ({ kind: 'Dataplane', mesh: 'default', name, spec });

let pem: TestPem;
let controlPlane: MemoryControlPlane;
let server: Server;
let port: number;
let client: GrpcControlPlane;
let connections: Inbox<boolean>;
let reported: Inbox<unknown>;

beforeAll(async () => {
  pem = await makePem();
});

beforeEach(async () => {
  controlPlane = new MemoryControlPlane();
  reported = new Inbox();
  await serve(0);
  client = connect();
});

afterEach(async () => {
  await client.close();
  server.forceShutdown();
});

async function serve(wanted: number): Promise<void> {
  server = createGrpcServer();
  serveControlPlane(server, controlPlane, { onError: reported.push });
  port = await new Promise<number>((resolve, reject) => {
    const bound = (error: Error | null, found: number) => (error ? reject(error) : resolve(found));
    server.bindAsync(`127.0.0.1:${wanted}`, internalCredentials(pem).server, bound);
  });
}

function connect(kinds: readonly string[] = []): GrpcControlPlane {
  connections = new Inbox();
  return new GrpcControlPlane({
    address: `127.0.0.1:${port}`,
    credentials: internalCredentials(pem).client,
    serverName: 'localhost',
    kinds,
    onConnection: connections.push,
  });
}

describe('the control plane over gRPC', () => {
  it('answers as the one behind it does', async () => {
    expect(await client.info()).toEqual(await controlPlane.info());
    expect(await client.config()).toBe('{"mode":"zone"}');
    expect(await client.issueToken({ type: 'zone', zone: 'z', scope: ['cp'], validForMs: 1 })).toBe('token-for-zone');
    const body = await client.proxyAdmin({ kind: 'Dataplane', mesh: 'default', name: 'web', what: 'stats', format: 'text' });
    expect(Buffer.from(body).toString()).toBe('stats of web');
  });

  it('puts and deletes with the author, the expected version and the warnings', async () => {
    const created = await client.put({ draft: dataplane('web', { a: [1, 'x', null] }), author });
    expect(created).toMatchObject({ created: true, revision: 1, warnings: ['careful'], resource: { spec: { a: [1, 'x', null] } } });
    await expect(client.put({ draft: dataplane('web'), author, expectedVersion: 7 })).rejects.toMatchObject({ code: 'conflict' });
    expect(await client.put({ draft: dataplane('web'), author, expectedVersion: 1 })).toMatchObject({ created: false, revision: 2 });
    expect(await client.delete({ key: { kind: 'Dataplane', mesh: 'default', name: 'web' }, author })).toEqual({
      revision: 3,
      recorded: false,
    });
  });

  it('hands on whose request a write is, and records of what was none, and reads them', async () => {
    const audit = { who: 'alice', groups: ['team'], by: 'token', peer: '::1', method: 'PUT', path: '/x' };
    expect(await client.put({ draft: dataplane('web'), author, audit })).toMatchObject({ recorded: true });
    expect(await client.delete({ key: { kind: 'Dataplane', mesh: 'default', name: 'web' }, author, audit })).toMatchObject({
      recorded: true,
    });
    await client.recordAudit([{ ...audit, who: 'bob', status: 403, outcome: 'forbidden', time: '2026-11-21T08:00:00Z' }]);
    expect(controlPlane.records).toMatchObject([
      { ...audit, revision: 1 },
      { ...audit, revision: 2 },
      { who: 'bob', outcome: 'forbidden' },
    ]);
    expect(await client.readAudit({ who: 'bob', limit: 5 })).toEqual([controlPlane.records[2]]);
  });

  it('gives errors with code, public text, violations and hint, and nothing internal', async () => {
    const error = (await client.put({ draft: dataplane('refused'), author }).catch((e: unknown) => e)) as MeshError;
    expect(error).toMatchObject({
      code: 'invalid',
      public: 'spec.x: must be set',
      violations: [{ field: 'spec.x', message: 'must be set' }],
      hint: 'set spec.x',
    });
    expect(error.message).not.toContain('not for others');
    const bug = (await client.put({ draft: dataplane('bug'), author }).catch((e: unknown) => e)) as MeshError;
    expect(bug).toMatchObject({ code: 'internal' });
    expect(bug.message).not.toContain('secret detail');
    expect(await reported.next()).toMatchObject({ message: 'secret detail' });
  });

  it('tells a write that its caller gave up', async () => {
    const caller = new AbortController();
    controlPlane.onSlow = () => caller.abort();
    await expect(client.put({ draft: dataplane('slow'), author, signal: caller.signal })).rejects.toMatchObject({ code: 'unavailable' });
    expect(await controlPlane.gaveUp.next()).toBe('slow');
    await expect(client.put({ draft: dataplane('late'), author, signal: caller.signal })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('fails writes that have no answer when the stream ends, and makes the next one on another', async () => {
    const begun = new Inbox<string>();
    controlPlane.put = ({ draft }) => {
      begun.push(draft.name);
      return new Promise(() => {});
    };
    const lost = client.put({ draft: dataplane('web'), author });
    const other = client.put({ draft: dataplane('api'), author });
    expect(new Set([await begun.next(), await begun.next()])).toEqual(new Set(['web', 'api']));
    server.forceShutdown();
    await expect(lost).rejects.toMatchObject({ code: 'unavailable' });
    await expect(other).rejects.toMatchObject({ code: 'unavailable' });
    controlPlane = new MemoryControlPlane();
    await serve(port);
    await expect.poll(() => client.put({ draft: dataplane('web'), author }).catch(() => undefined)).toMatchObject({ revision: 1 });
  });

  it('refuses a write that is too large by itself, and keeps the stream', async () => {
    const endless = dataplane('web', { text: 'x'.repeat(11 * 1024 * 1024) });
    await expect(client.put({ draft: endless, author })).rejects.toMatchObject({ code: 'too_large' });
    expect(await client.put({ draft: dataplane('web'), author })).toMatchObject({ revision: 1 });
  });

  it('says unavailable while nobody listens', async () => {
    server.forceShutdown();
    await expect(client.info()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('the followed view', () => {
  it('holds a snapshot of many chunks when start returns, and then every change', async () => {
    for (let i = 0; i < 450; i++) await controlPlane.put({ draft: dataplane(`dp-${i}`), author });
    await client.start();
    expect(client.view.count('Dataplane')).toBe(450);
    expect(client.view.revision).toBe(450);
    const { revision } = await client.put({ draft: dataplane('dp-0', { changed: true }), author });
    await client.view.waitFor(revision);
    expect(client.view.find('Dataplane', 'default', 'dp-0')?.spec).toEqual({ changed: true });
    const deleted = await client.delete({ key: { kind: 'Dataplane', mesh: 'default', name: 'dp-1' }, author });
    await client.view.waitFor(deleted.revision);
    expect(client.view.find('Dataplane', 'default', 'dp-1')).toBeUndefined();
  });

  it('is told only of the kinds asked for, and still moves to every revision', async () => {
    await client.close();
    client = connect(['Mesh']);
    await client.start();
    await controlPlane.put({ draft: { kind: 'Mesh', mesh: '', name: 'default', spec: {} }, author });
    const { revision } = await controlPlane.put({ draft: dataplane('web'), author });
    await client.view.waitFor(revision);
    expect(client.view.count('Mesh')).toBe(1);
    expect(client.view.count('Dataplane')).toBe(0);
  });

  it('stays readable while the control plane is away, and afterwards changes only what differs', async () => {
    await controlPlane.put({ draft: dataplane('kept'), author });
    await controlPlane.put({ draft: dataplane('goes'), author });
    await client.start();
    expect(await connections.next()).toBe(true);
    server.forceShutdown();
    expect(await connections.next()).toBe(false);
    expect(client.view.count('Dataplane')).toBe(2);

    await controlPlane.delete({ key: { kind: 'Dataplane', mesh: 'default', name: 'goes' }, author });
    await controlPlane.put({ draft: dataplane('new'), author });
    const events = new Inbox<ViewEvent>();
    client.view.subscribe(events.push);
    await serve(port);
    const { changes } = await events.next();
    expect(changes.map(({ op, key }) => `${op} ${key.name}`).sort()).toEqual(['delete goes', 'put new']);
  });

  it('catches up by a snapshot after more changes than are kept for a slow follower', async () => {
    await client.start();
    for (let i = 0; i < 3_000; i++) void controlPlane.put({ draft: dataplane(`dp-${i % 50}`, { i }), author });
    await client.view.waitFor(3_000);
    expect(client.view.listSorted('Dataplane')).toEqual(controlPlane.view.listSorted('Dataplane'));
  });
});

describe('an announcement', () => {
  it('holds until the announcer ends it, and is made again after an interruption', async () => {
    const announcements = new Inbox<number>();
    controlPlane.onAnnounce = () => announcements.push(controlPlane.announced.length);
    const stop = new AbortController();
    const done = client.announce({ service: 'zone-proxy-xds', host: '', port: 1234 }, stop.signal);
    expect(await announcements.next()).toBe(1);
    expect(controlPlane.announced[0]?.announcement).toEqual({ service: 'zone-proxy-xds', host: '', port: 1234 });

    const lost = once(controlPlane.announced[0]!.signal, 'abort');
    server.forceShutdown();
    await lost;
    await serve(port);
    expect(await announcements.next()).toBe(2);
    const ended = once(controlPlane.announced[1]!.signal, 'abort');
    stop.abort();
    await done;
    await ended;
  });
});

describe('what proxies have', () => {
  const state = (converged: number): ProxyConvergence => {
    return { connected: 2, converged, unknown: 0, offline: 0, lagging: [], instances: ['ingress-manager'] };
  };
  const settledBy = (stop: AbortSignal, told: (state: ProxyConvergence) => void) => controlPlane.reporting[0]?.watch(7, told, stop);

  it('is told of the revision asked for until the asker has enough, also after an interruption', async () => {
    const asked = new Inbox<{ revision: number | 'now'; tell: (state: ProxyConvergence) => void; signal: AbortSignal }>();
    const source = { watch: (revision: number | 'now', tell: never, signal: AbortSignal) => asked.push({ revision, tell, signal }) };
    const stop = new AbortController();
    const reporting = client.reportDeliveries(source, stop.signal);
    for (let run = 0; run < 2; run++) {
      await expect.poll(() => controlPlane.reporting.length).toBe(1);
      const told = new Inbox<ProxyConvergence>();
      const enough = new AbortController();
      settledBy(enough.signal, told.push);
      const { revision, tell, signal } = await asked.next();
      expect(revision).toBe(7);
      tell(state(1));
      expect(await told.next()).toEqual(state(1));
      tell(state(2));
      expect(await told.next()).toEqual(state(2));
      const over = once(signal, 'abort');
      if (run === 0) {
        enough.abort();
        await over;
        server.forceShutdown();
        await expect.poll(() => controlPlane.reporting.length).toBe(0);
        await serve(port);
      }
    }
    stop.abort();
    await reporting;
    await expect.poll(() => controlPlane.reporting.length).toBe(0);
  });

  it('is told as a whole by the control plane', async () => {
    controlPlane.converged = { state: 'pending', proxies: state(1) };
    const { revision } = await client.put({ draft: dataplane('web'), author });
    expect(await client.convergence({ revision, waitMs: 0 })).toMatchObject({ revision, state: 'pending', proxies: state(1) });
    await expect(client.convergence({ revision: 99, waitMs: 0 })).rejects.toMatchObject({ code: 'bad_request' });
  });
});

describe('internal credentials', () => {
  it.each([
    ['no certificate', () => credentials.createSsl(pem.ca)],
    ['no TLS', () => credentials.createInsecure()],
  ])('keep out a client with %s', async (_what, make) => {
    const stranger = new GrpcControlPlane({ address: `127.0.0.1:${port}`, credentials: make(), serverName: 'localhost' });
    await expect(stranger.info()).rejects.toMatchObject({ code: 'unavailable' });
    await stranger.close();
  });

  it('keep out a client of another CA, and a server of another CA', async () => {
    const other = await makePem();
    const make = (ca: Buffer) =>
      new GrpcControlPlane({
        address: `127.0.0.1:${port}`,
        credentials: internalCredentials({ ...other, ca }).client,
        serverName: 'localhost',
      });
    for (const stranger of [make(pem.ca), make(other.ca)]) {
      await expect(stranger.info()).rejects.toMatchObject({ code: 'unavailable' });
      await stranger.close();
    }
  });
});
