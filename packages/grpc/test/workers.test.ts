import { once } from 'node:events';
import { request } from 'node:https';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, Metadata, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { type Logger, silentLogger } from '@mesh/core';
import { type Snapshot, xdsTypeUrls } from '@mesh/delta';
import { DeltaDiscoveryRequestSchema, DeltaDiscoveryResponseSchema } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AdsOpen, type AdsPeer, createXdsServer, rawMethod, type WorkerCounts, type XdsServer } from '../src/index.js';
import { Inbox } from './inbox.js';
import { makePem, type TestPem } from './tls.js';

const ECHO = '/test.Echo/Echo';
const ADS = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
const same = (bytes: Buffer) => bytes;

/** A proxy that is connected, as the handler knows it. */
interface Connected {
  readonly open: AdsOpen;
  readonly acked: string[];
  readonly sent: string[];
  closed: number;
}

let pem: TestPem;
let server: XdsServer;
let port: number;
let connected: Map<string, Connected>;
let clients: Client[];
let logged: { readonly fields: Record<string, unknown>; readonly text: string }[];

beforeAll(async () => {
  pem = await makePem();
});

beforeEach(() => {
  connected = new Map();
  clients = [];
  logged = [];
});

afterEach(async () => {
  for (const client of clients) client.close();
  await server.close(0);
});

async function start(workers: WorkerCounts): Promise<void> {
  const note = (fields: object, text: string) => void logged.push({ fields: fields as Record<string, unknown>, text });
  const log: Logger = { ...silentLogger, info: note, error: note };
  server = createXdsServer({
    tls: pem,
    handler: {
      connect: async (open): Promise<AdsPeer> => {
        const entry: Connected = { open, acked: [], sent: [], closed: 0 };
        connected.set(open.nodeId, entry);
        open.stream.setSnapshot(snapshotOf('1'));
        return {
          onSent: ({ version }) => entry.sent.push(version),
          onAck: ({ version }) => entry.acked.push(version),
          onNack: () => {},
          onClosed: () => void (entry.closed += 1),
        };
      },
    },
    controlPlaneId: 'cp-1',
    http: (incoming, response) => response.end(`${incoming.method} ${incoming.url}`),
    addServices: (grpc) => {
      const answer = (call: ServerDuplexStream<Buffer, Buffer>) => {
        call.on('data', (bytes: Buffer) => {
          if (bytes.toString() === 'fail') call.emit('error', { code: status.ABORTED, details: 'as asked' });
          else call.write(Buffer.from(`${call.metadata.get('authorization')}: ${bytes}`));
        });
        call.on('end', () => call.end());
      };
      grpc.addService({ echo: rawMethod(ECHO) }, { echo: answer });
    },
    methods: [ECHO],
    workers,
    log,
  });
  port = await server.listen({ port: 0, host: '127.0.0.1' });
}

function snapshotOf(version: string, size = 1): Snapshot {
  const resources = new Map([['a', { name: 'a', version, body: Buffer.alloc(size, version) }]]);
  return new Map([[xdsTypeUrls.cluster, { version, resources }]]);
}

function dial(): Client {
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(pem.ca), {
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.use_local_subchannel_pool': 1,
  });
  clients.push(client);
  return client;
}

/** A proxy on a connection of its own that acknowledges everything. */
class TestProxy {
  readonly versions = new Inbox<string>();
  readonly ended: Promise<number>;
  private readonly stream: ClientDuplexStream<Buffer, Buffer>;

  constructor(readonly id: string) {
    this.stream = dial().makeBidiStreamRequest(ADS, same, same);
    this.ended = new Promise((resolve) => this.stream.on('status', ({ code }) => resolve(code)));
    this.stream.on('error', () => {});
    this.stream.on('data', (bytes: Buffer) => {
      const { nonce, resources } = fromBinary(DeltaDiscoveryResponseSchema, bytes);
      this.write({ responseNonce: nonce });
      this.versions.push(resources[0]?.version ?? '');
    });
    this.write({ node: { id } });
  }

  /** Reads nothing from now on. */
  stall(): void {
    this.stream.pause();
  }

  read(): void {
    this.stream.resume();
  }

  private write(fields: object): void {
    const message = create(DeltaDiscoveryRequestSchema, { typeUrl: xdsTypeUrls.cluster, ...fields });
    this.stream.write(Buffer.from(toBinary(DeltaDiscoveryRequestSchema, message)));
  }
}

async function join(id: string): Promise<TestProxy> {
  const proxy = new TestProxy(id);
  expect(await proxy.versions.next()).toBe('1');
  return proxy;
}

const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 10 });
const connectionsEach = async () => (await server.workers.reports()).map(({ connections }) => connections);
const pidOf = (worker: number) => logged.findLast(({ fields }) => fields['worker'] === worker && fields['pid'])?.fields['pid'] as number;

function get(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, ca: pem.ca, servername: 'localhost', agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

describe('workers', () => {
  it('are started as connections come, and each new one goes where the fewest are', async () => {
    await start({ max: 2, connectionsEach: 2 });
    await join('first');
    expect(await server.workers.reports()).toEqual([]);
    await join('second');
    await eventually(async () => expect(await connectionsEach()).toEqual([0]));
    for (const id of ['third', 'fourth', 'fifth']) await join(id);
    await eventually(async () => expect((await connectionsEach()).length).toBe(2));
    for (const id of ['6', '7', '8', '9', '10', '11']) await join(id);
    const [one = 0, two = 0] = await connectionsEach();
    expect(one + two).toBe(9);
    expect(Math.abs(one - two)).toBeLessThanOrEqual(1);
    expect(connected.size).toBe(11);
  });

  it('leave HTTP and other gRPC services to the main process', async () => {
    await start({ max: 1, connectionsEach: 0 });
    expect(await get('/bootstrap')).toBe('GET /bootstrap');
    const headers = new Metadata();
    headers.set('authorization', 'token');
    const stream = dial().makeBidiStreamRequest(ECHO, same, same, headers);
    stream.write(Buffer.from('one'));
    expect(String((await once(stream, 'data'))[0])).toBe('token: one');
    const failed = once(stream, 'error') as Promise<[{ code: number; details: string }]>;
    stream.write(Buffer.from('fail'));
    expect((await failed)[0]).toMatchObject({ code: status.ABORTED, details: 'as asked' });
    const [report] = await server.workers.reports();
    expect(report).toMatchObject({ worker: 1, streams: 0 });
    expect(report?.residentBytes).toBeGreaterThan(0);
  });

  it('that hangs is ended, and replaced by one that serves its proxies', async () => {
    await start({ max: 1, connectionsEach: 0, silenceMs: 2_000 });
    const stuck = await join('stuck');
    process.kill(pidOf(1), 'SIGSTOP');
    expect(await stuck.ended).toBe(status.UNAVAILABLE);
    await eventually(() => expect(server.workers.restarts).toBe(1));
    expect(logged.map(({ fields }) => fields['reason'])).toContain('it hung');
    await eventually(async () => expect(await connectionsEach()).toEqual([0]));
    await join('stuck');
  });

  it('that is killed takes its streams alone along, and is started again', async () => {
    await start({ max: 2, connectionsEach: 0 });
    const proxies = await Promise.all(['a', 'b', 'c', 'd'].map(join));
    expect(await connectionsEach()).toEqual([2, 2]);
    process.kill(pidOf(1), 'SIGKILL');
    await eventually(() => expect([...connected.values()].filter(({ closed }) => closed === 1)).toHaveLength(2));
    const alive = proxies.filter(({ id }) => connected.get(id)?.closed === 0);
    for (const { id } of alive) connected.get(id)?.open.stream.setSnapshot(snapshotOf('2'));
    expect(await Promise.all(alive.map(({ versions }) => versions.next()))).toEqual(['2', '2']);
    expect(await Promise.all(proxies.filter((proxy) => !alive.includes(proxy)).map(({ ended }) => ended))).toEqual([
      status.UNAVAILABLE,
      status.UNAVAILABLE,
    ]);
    await eventually(async () => expect(await connectionsEach()).toEqual([0, 2]));
    expect(server.workers.restarts).toBe(1);
    await Promise.all(['e', 'f'].map(join));
    expect(await connectionsEach()).toEqual([2, 2]);
    expect(logged.find(({ text }) => text.startsWith('a worker ended'))?.fields).toMatchObject({ worker: 1, reason: 'signal SIGKILL' });
  });

  it('end with the server, once the streams had their time', async () => {
    await start({ max: 2, connectionsEach: 0 });
    const proxies = await Promise.all(['a', 'b'].map(join));
    const pids = [pidOf(1), pidOf(2)];
    await server.close(50);
    await Promise.all(proxies.map(({ ended }) => ended));
    expect([...connected.values()].map(({ closed }) => closed)).toEqual([1, 1]);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await expect(get('/')).rejects.toThrow('ECONNREFUSED');
  });

  it.each([0, 1])('hold no more than one response for a proxy that does not read, and serve the others (%i workers)', async (max) => {
    await start({ max, connectionsEach: 0 });
    const [slow, quick] = [await join('slow'), await join('quick')];
    slow.stall();
    for (let n = 2; n <= 60; n++) {
      for (const { open } of connected.values()) open.stream.setSnapshot(snapshotOf(String(n), 1_000_000));
      if (n % 10 === 0) for (let version = ''; version !== String(n); ) version = await quick.versions.next();
    }
    expect(connected.get('slow')?.sent.length).toBeLessThanOrEqual(3);
    slow.read();
    for (let version = ''; version !== '60'; ) version = await slow.versions.next();
    expect(connected.get('slow')?.sent.length).toBeLessThanOrEqual(5);
  });
});
