import { once } from 'node:events';
import { Agent, createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '@mesh/core';
import { type Snapshot, xdsTypeUrls } from '@mesh/delta';
import { freePort } from '@mesh/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AdsStream, createXdsServer, type XdsServer } from '../src/index.js';
import { routingSnapshot, startEnvoy, type Wanted } from './envoy.js';
import { makePem, type TestPem } from './tls.js';

const shortNames = new Map(Object.entries(xdsTypeUrls).map(([short, typeUrl]) => [typeUrl as string, short]));

let pem: TestPem;
let backends: { readonly a: Server; readonly b: Server };

beforeAll(async () => {
  pem = await makePem();
  backends = { a: await listen('a'), b: await listen('b') };
});

afterAll(() => {
  for (const backend of Object.values(backends)) backend.close();
});

/** A control plane that gives every proxy the same snapshot, and writes down what happens. */
class TestControlPlane {
  readonly log: string[] = [];
  private stream: AdsStream | undefined;
  private snapshot: Snapshot = new Map();
  private server: XdsServer | undefined;

  constructor(private readonly workers: number) {}

  set(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    this.stream?.setSnapshot(snapshot);
  }

  async start(port: number): Promise<number> {
    const note = (what: string) => (event: { readonly typeUrl: string }) => void this.log.push(`${what} ${shortNames.get(event.typeUrl)}`);
    this.server = createXdsServer({
      tls: pem,
      handler: {
        connect: async (open) => {
          this.log.push(`connect ${open.variant} ${open.nodeId} ${open.authorization.join()}`);
          this.stream = open.stream;
          open.stream.setSnapshot(this.snapshot);
          return { onSent: note('sent'), onAck: note('ack'), onNack: note('nack'), onClosed: () => void this.log.push('closed') };
        },
      },
      controlPlaneId: 'test',
      http: (_request, response) => response.end(),
      workers: { max: this.workers, connectionsEach: 0 },
      log: silentLogger,
    });
    return this.server.listen({ port, host: '127.0.0.1' });
  }

  async stop(): Promise<void> {
    await this.server?.close(0);
  }

  /** The lines since the last line that starts with `mark`. */
  since(mark: string): readonly string[] {
    return this.log.slice(this.log.findLastIndex((line) => line.startsWith(mark)) + 1);
  }
}

/** Asks without pause, and counts what came back. */
class Load {
  readonly answers = new Map<string, number>();
  private readonly agent = new Agent({ keepAlive: true });
  private running = true;
  private readonly done: Promise<void>;

  constructor(private readonly port: number) {
    this.done = this.run();
  }

  count(answer: string): number {
    return this.answers.get(answer) ?? 0;
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.done;
    this.agent.destroy();
  }

  private async run(): Promise<void> {
    while (this.running) {
      const answer = await ask(this.port, this.agent);
      this.answers.set(answer, this.count(answer) + 1);
    }
  }
}

function ask(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = get({ host: '127.0.0.1', port, agent }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve(`${response.statusCode} ${body}`));
    });
    outgoing.on('error', (error) => resolve(error.message));
  });
}

async function listen(name: string): Promise<Server> {
  const server = createServer((_request, response) => response.end(name));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 10 });

describe.each([
  ['GRPC', 0],
  ['DELTA_GRPC', 0],
  ['GRPC', 1],
  ['DELTA_GRPC', 1],
] as const)('a real Envoy over %s and %i workers', (apiType, workers) => {
  it('follows every change without a failed request, survives a refusal, and reconnects for what differs only', async () => {
    const controlPlane = new TestControlPlane(workers);
    const port = await controlPlane.start(0);
    const base = { listen: await freePort(), clusters: { a: portOf(backends.a) }, target: 'a' };
    const toB = { ...base, clusters: { b: portOf(backends.b) }, target: 'b' };
    const set = (wanted: Wanted) => controlPlane.set(routingSnapshot(wanted));
    set(base);
    const envoy = startEnvoy({ apiType, port, ca: pem.ca });
    const agent = new Agent();
    try {
      await eventually(async () => expect(await ask(base.listen, agent)).toBe('200 a'));
      expect(controlPlane.log[0]).toBe(`connect ${apiType === 'GRPC' ? 'sotw' : 'delta'} default.web token`);
      const load = new Load(base.listen);

      controlPlane.log.push('a cluster changes, its endpoints do not');
      set({ ...base, connectTimeout: '2s' });
      await eventually(() =>
        expect(controlPlane.since('a cluster changes')).toEqual(expect.arrayContaining(['ack cluster', 'ack endpoint'])),
      );

      for (let i = 0; i < 10; i++) {
        const [wanted, answer] = i % 2 === 0 ? [toB, '200 b'] : [base, '200 a'];
        const before = load.count(answer);
        set(wanted);
        await eventually(() => expect(load.count(answer)).toBeGreaterThan(before + 3));
      }

      controlPlane.log.push('a listener is refused');
      set({ ...base, statPrefix: '' });
      await eventually(() => expect(controlPlane.since('a listener is refused')).toContain('nack listener'));
      set(base);
      await eventually(() => expect(controlPlane.since('nack listener')).toContain('ack listener'));

      await controlPlane.stop();
      await controlPlane.start(port);
      await eventually(() => expect(controlPlane.since('closed').length).toBeGreaterThan(0));
      set({ ...base, clusters: { ...base.clusters, ...toB.clusters }, target: 'b' });
      const before = load.count('200 b');
      await eventually(() => expect(load.count('200 b')).toBeGreaterThan(before));
      expect(controlPlane.since('connect')).not.toContain('sent listener');

      await load.stop();
      expect([...load.answers.keys()].sort(), envoy.output()).toEqual(['200 a', '200 b']);
    } finally {
      agent.destroy();
      await envoy.stop();
      await controlPlane.stop();
    }
  }, 90_000);
});
