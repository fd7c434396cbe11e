import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EncodedResource, KdsReceiver, KdsSender, type ReceivedBatch, type Rejection } from '../src/index.js';

const kinds = ['Mesh', 'MeshTimeout', 'Secret'];
const self = { id: 'zone-1', instanceId: 'i', config: '', version: { version: '', gitTag: '', gitCommit: '', buildDate: '' } };

type Step =
  | { readonly do: 'put'; readonly kind: string; readonly name: string; readonly version: string }
  | { readonly do: 'drop'; readonly kind: string; readonly name: string }
  | { readonly do: 'toSender' | 'toReceiver' | 'reconnect' };

const kind = fc.constantFrom(...kinds);
const name = fc.constantFrom('a.m', 'b.m', 'c.m');
const version = fc.constantFrom('1', '2', 'bad');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('put' as const), kind, name, version }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), kind, name }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('toSender' as const, 'toReceiver' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const) }) },
);

/** Both ends of a stream, and two queues between them. The receiver refuses resources of version `bad` and stores the others. */
class Stream {
  private readonly content = new Map(kinds.map((each) => [each, new Map<string, EncodedResource>()]));
  readonly stored = new Map(kinds.map((each) => [each, new Map<string, string>()]));
  private requests: DeltaDiscoveryRequest[] = [];
  private responses: DeltaDiscoveryResponse[] = [];
  private sender!: KdsSender;
  private receiver!: KdsReceiver;

  static async open(): Promise<Stream> {
    const stream = new Stream();
    await stream.connect();
    return stream;
  }

  async apply(what: Step): Promise<void> {
    if ('kind' in what) this.change(what);
    else if (what.do === 'toSender') this.toSender();
    else if (what.do === 'toReceiver') await this.toReceiver();
    else await this.connect();
  }

  /** Delivers until both ends are at rest. */
  async drain(): Promise<void> {
    for (let i = 0; i < 1_000; i++) if (!(await this.toReceiver()) && !this.toSender()) return;
    throw new Error('receiver and sender never come to rest');
  }

  offered(of: string): ReadonlyMap<string, EncodedResource> {
    return this.content.get(of) ?? new Map();
  }

  private async connect(): Promise<void> {
    this.receiver?.stop();
    this.requests = [];
    this.responses = [];
    const feed = { revision: 1, kinds: () => kinds, sends: () => true, resources: (of: string) => this.offered(of) };
    this.sender = new KdsSender({ feed, identifier: 'global', send: (response) => void this.responses.push(response) });
    this.receiver = new KdsReceiver({
      kinds,
      leadKind: 'Secret',
      self,
      initialVersions: async (of) => Object.fromEntries(this.stored.get(of) ?? []),
      apply: async (batch) => this.store(batch),
      send: (request) => void this.requests.push(request),
      onFailure: (error) => {
        throw error;
      },
    });
    this.receiver.start();
    await this.receiver.idle();
  }

  private change(what: Extract<Step, { kind: string }>): void {
    const resources = this.content.get(what.kind);
    if (what.do === 'put') resources?.set(what.name, { name: what.name, version: what.version, body: new Uint8Array() });
    else resources?.delete(what.name);
    this.sender.onChange(what.kind, what.name);
  }

  private toSender(): boolean {
    const request = this.requests.shift();
    if (request) this.sender.onRequest(request);
    return request !== undefined;
  }

  private async toReceiver(): Promise<boolean> {
    const response = this.responses.shift();
    if (!response) return false;
    this.receiver.onResponse(response);
    await this.receiver.idle();
    return true;
  }

  private store(batch: ReceivedBatch): Rejection[] {
    const held = this.stored.get(batch.kind);
    for (const removed of batch.removed) held?.delete(removed);
    const [bad, good] = [true, false].map((isBad) => batch.resources.filter((resource) => (resource.version === 'bad') === isBad));
    for (const resource of good ?? []) held?.set(resource.name, resource.version);
    return (bad ?? []).map((resource) => ({ name: resource.name, message: 'bad' }));
  }
}

describe('two ends of a KDS stream', () => {
  it('end with what the sender has, but for what the receiver refuses, whatever happened before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const stream = await Stream.open();
        for (const each of steps) await stream.apply(each);
        await stream.drain();
        for (const each of kinds) {
          const held = stream.stored.get(each);
          const offered = stream.offered(each);
          for (const { name: offeredName, version: offeredVersion } of offered.values()) {
            if (offeredVersion !== 'bad') expect(held?.get(offeredName), `${each} ${offeredName}`).toBe(offeredVersion);
          }
          for (const heldName of held?.keys() ?? []) expect([...offered.keys()], `${each} that the sender lacks`).toContain(heldName);
        }
      }),
      { numRuns: 500 },
    );
  });
});
