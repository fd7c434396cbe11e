import { duplexPair } from 'node:stream';
import { MeshError } from '@mesh/core';
import type { Snapshot, SnapshotResource } from '@mesh/delta';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { AdsOpen, AdsPeer, AdsStream } from '../ads/handler.js';
import { MainLink } from './main-link.js';
import { WorkerLink } from './worker-link.js';

const peer = (): AdsPeer => ({ onSent: vi.fn(), onAck: vi.fn(), onNack: vi.fn(), onClosed: vi.fn() });

/** Both ends of the way between a worker and its main process, without processes. */
function pair(options: { readonly highWaterMark?: number; readonly undecided?: boolean } = {}) {
  const [mainSide, workerSide] = duplexPair(options);
  const opened: AdsOpen[] = [];
  const peers: AdsPeer[] = [];
  const onError = vi.fn();
  const main = new WorkerLink(mainSide, {
    handler: {
      connect: async (open) => {
        opened.push(open);
        if (options.undecided)
          await new Promise((_, reject) => open.ended?.addEventListener('abort', () => reject(new MeshError('unavailable'))));
        const told = peer();
        peers.push(told);
        return told;
      },
    },
    onReady: () => {},
    onConnections: () => {},
    onError,
    onClosed: () => {},
  });
  const worker = new MainLink(workerSide, { onOrder: () => {}, onClosed: () => {} });
  return { main, worker, opened, peers, onError, mainSide, workerSide };
}

const open = (stream: AdsStream): AdsOpen => ({
  nodeId: 'default.web',
  nodeMetadata: { 'dataplane.proxyType': 'dataplane' },
  nodeCluster: 'web',
  authorization: ['token'],
  variant: 'delta',
  peer: '127.0.0.1:1',
  returning: false,
  stream,
});

/** A stream in the worker that keeps what it is given, and takes it at once. */
function servedStream() {
  const snapshots: Snapshot[] = [];
  const closed: MeshError[] = [];
  const stream: AdsStream = {
    setSnapshot: (snapshot, taken) => {
      snapshots.push(snapshot);
      taken?.();
    },
    close: (error) => void closed.push(error),
  };
  return { stream, snapshots, closed };
}

/** Name to version of each type; the body is a function of the version, as of a hash. */
type Content = Readonly<Record<string, Readonly<Record<string, number>>>>;

function snapshotOf(content: Content): Snapshot {
  const types = Object.entries(content).map(([typeUrl, versions]) => {
    const resources = new Map<string, SnapshotResource>();
    for (const [name, version] of Object.entries(versions)) {
      resources.set(name, { name, version: `v${version}`, body: Buffer.from(`${typeUrl}/${name}/${version}`) });
    }
    return [typeUrl, { version: JSON.stringify(versions), resources }] as const;
  });
  return new Map(types);
}

/** What can be compared of a snapshot. */
function plain(snapshot: Snapshot | undefined) {
  return [...(snapshot ?? [])]
    .map(([typeUrl, { version, resources }]) => ({
      typeUrl,
      version,
      resources: [...resources.values()].map(({ name, version: of, body }) => [name, of, Buffer.from(body).toString()]),
    }))
    .sort((a, b) => (a.typeUrl < b.typeUrl ? -1 : 1));
}

describe('a stream that a worker serves', () => {
  it('is decided about in the main process, which hears what happens on it', async () => {
    const { worker, main, opened, peers } = pair();
    const { stream, closed } = servedStream();
    const inWorker = await worker.connect(open(stream));
    expect(opened[0]).toMatchObject({ nodeId: 'default.web', authorization: ['token'], variant: 'delta', peer: '127.0.0.1:1' });
    const event = { typeUrl: 't', nonce: '1', version: 'v' };
    inWorker.onSent(event);
    inWorker.onAck(event);
    inWorker.onNack({ ...event, error: 'bad' });
    await vi.waitFor(() => expect(peers[0]?.onNack).toHaveBeenCalledWith({ ...event, error: 'bad' }));
    expect(peers[0]?.onSent).toHaveBeenCalledWith(event);
    expect(peers[0]?.onAck).toHaveBeenCalledWith(event);

    opened[0]?.stream.close(new MeshError('unauthenticated', { public: 'the token was revoked' }));
    expect(peers[0]?.onClosed).toHaveBeenCalledOnce();
    expect(main.streamCount).toBe(0);
    await vi.waitFor(() => expect(closed[0]).toMatchObject({ code: 'unauthenticated', public: 'the token was revoked' }));
    inWorker.onClosed();
    expect(worker.counts.streams).toBe(0);
  });

  it('is told of its end once where the worker goes', async () => {
    const { worker, peers, workerSide, main } = pair();
    await worker.connect(open(servedStream().stream));
    const usage = main.usage();
    workerSide.end();
    await vi.waitFor(() => expect(peers[0]?.onClosed).toHaveBeenCalledOnce());
    expect(await usage).toBeUndefined();
    expect(main.streamCount).toBe(0);
  });

  it('is told of its end while it waits to be let in, and nothing is left of it', async () => {
    const { worker, main, opened } = pair({ undecided: true });
    const over = new AbortController();
    const connecting = worker.connect({ ...open(servedStream().stream), ended: over.signal });
    await vi.waitFor(() => expect(opened).toHaveLength(1));
    over.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'unavailable' });
    await vi.waitFor(() => expect(opened[0]?.ended?.aborted).toBe(true));
    expect([worker.counts.streams, main.streamCount]).toEqual([0, 0]);
  });

  it('counts as having a snapshot only once it has looked at that one', async () => {
    const { worker, opened } = pair();
    const held: (() => void)[] = [];
    await worker.connect(open({ setSnapshot: (_snapshot, taken) => void held.push(taken as () => void), close: () => {} }));
    const taken: string[] = [];
    for (const n of [1, 2]) opened[0]?.stream.setSnapshot(snapshotOf({ t: { a: n } }), () => taken.push(`v${n}`));
    await vi.waitFor(() => expect(held).toHaveLength(2));
    expect(taken).toEqual([]);
    held[0]?.();
    await vi.waitFor(() => expect(taken).toEqual(['v1']));
    held[1]?.();
    await vi.waitFor(() => expect(taken).toEqual(['v1', 'v2']));
  });
});

describe('resources', () => {
  it('arrive as they were given through any sequence of snapshots, and nothing is kept of streams that ended', async () => {
    const versions = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 0, max: 2 }), { noNullPrototype: true });
    const content = fc.dictionary(fc.constantFrom('t1', 't2', 't3'), versions, { noNullPrototype: true });
    const step = fc.record({ stream: fc.integer({ min: 0, max: 2 }), content });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { worker, opened, onError } = pair();
        const served = [0, 1, 2].map(() => servedStream());
        const peers = await Promise.all(served.map(({ stream }) => worker.connect(open(stream))));
        const last = new Map<number, Content>();
        const taken: Promise<void>[] = [];
        for (const { stream, content } of steps) {
          last.set(stream, content);
          taken.push(new Promise((resolve) => opened[stream]?.stream.setSnapshot(snapshotOf(content), resolve)));
        }
        await Promise.all(taken);
        for (const [stream, content] of last) expect(plain(served[stream]?.snapshots.at(-1))).toEqual(plain(snapshotOf(content)));
        for (const inWorker of peers) inWorker.onClosed();
        await vi.waitFor(() => expect(worker.counts).toEqual({ streams: 0, resources: 0 }));
        expect(onError).not.toHaveBeenCalled();
      }),
      { numRuns: 60 },
    );
  });

  it('travel once, however many streams have them', async () => {
    const { worker, opened, workerSide } = pair();
    let bytes = 0;
    workerSide.on('data', (chunk: Buffer) => (bytes += chunk.length));
    const body = Buffer.alloc(100_000, 'x');
    const shared: Snapshot = new Map([['t', { version: '1', resources: new Map([['a', { name: 'a', version: 'v', body }]]) }]]);
    const served = Array.from({ length: 20 }, () => servedStream());
    await Promise.all(served.map(({ stream }) => worker.connect(open(stream))));
    await Promise.all(opened.map(({ stream }) => new Promise<void>((resolve) => stream.setSnapshot(shared, resolve))));
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThan(150_000);
    const bodies = served.map(({ snapshots }) => snapshots[0]?.get('t')?.resources.get('a')?.body);
    expect(new Set(bodies).size).toBe(1);
  });
});

it('a worker that does not keep up is sent the newest snapshot once it does, and nothing of what was in between', async () => {
  const { main, worker, opened, workerSide } = pair({ highWaterMark: 1024 });
  const { stream, snapshots } = servedStream();
  await worker.connect(open(stream));
  workerSide.pause();
  const body = (n: number) => Buffer.alloc(300_000, String(n % 10));
  let backlogBytesMax = 0;
  await new Promise<void>((resolve) => {
    const offer = (n: number) => {
      const resources = new Map([['a', { name: 'a', version: `v${n}`, body: body(n) }]]);
      opened[0]?.stream.setSnapshot(new Map([['t', { version: String(n), resources }]]), () => n === 200 && resolve());
      backlogBytesMax = Math.max(backlogBytesMax, main.backlogBytes);
      if (n === 200) workerSide.resume();
      else setImmediate(offer, n + 1);
    };
    offer(1);
  });
  expect(backlogBytesMax).toBeGreaterThan(0);
  expect(backlogBytesMax).toBeLessThan(1_000_000);
  expect(snapshots.at(-1)?.get('t')?.version).toBe('200');
  expect(snapshots.length).toBeLessThan(10);
});
