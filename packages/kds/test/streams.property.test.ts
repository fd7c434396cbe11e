import { createHash } from 'node:crypto';
import type { DeltaDiscoveryRequest, DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EncodedResource, KdsReceiver, KdsSender, type ReceivedBatch, type Rejection, SetDigest } from '../src/index.js';

const kinds = ['Mesh', 'MeshTimeout', 'Secret'];
const self = { id: 'zone-1', instanceId: 'i', config: '', version: { version: '', gitTag: '', gitCommit: '', buildDate: '' } };

type Step =
  | { readonly do: 'put'; readonly kind: string; readonly name: string; readonly version: string }
  | { readonly do: 'drop'; readonly kind: string; readonly name: string }
  /** The receiver's store changes without a word of the sender. */
  | { readonly do: 'drift'; readonly kind: string; readonly name: string; readonly version: string | undefined }
  | { readonly do: 'toSender' | 'toReceiver' | 'reconnect' | 'beat' };

const kind = fc.constantFrom(...kinds);
const name = fc.constantFrom('a.m', 'b.m', 'c.m');
const version = fc.constantFrom('1', '2', 'bad');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('put' as const), kind, name, version }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), kind, name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drift' as const), kind, name, version: fc.constantFrom('1', 'x', undefined) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('toSender' as const, 'toReceiver' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('beat' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const) }) },
);

/** Both ends of a stream, and two queues between them. The receiver refuses resources of version `bad` and stores the others. */
class Stream {
  private readonly content = new Map(kinds.map((each) => [each, new Map<string, EncodedResource>()]));
  readonly stored = new Map(kinds.map((each) => [each, new Map<string, string>()]));
  private readonly refused = new Map<string, Map<string, string | undefined>>();
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
    if (what.do === 'drift') this.drift(what);
    else if ('kind' in what) this.change(what);
    else if (what.do === 'beat') this.sender.beat();
    else if (what.do === 'toSender') this.toSender();
    else if (what.do === 'toReceiver') await this.toReceiver();
    else await this.connect();
  }

  /** Beats until everything was compared: what the receiver compares it compares every fifteenth time. */
  async beatAndDrain(): Promise<void> {
    await this.drain();
    for (let i = 0; i < 17; i++) {
      this.sender.beat();
      await this.drain();
    }
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
    this.refused.clear();
    const feed = {
      revision: 1,
      kinds: () => kinds,
      sends: () => true,
      resources: (of: string) => this.offered(of),
      digest: (of: string) => digestOf([...this.offered(of).values()].map((resource) => [resource.name, resource.version])),
      isWithheld: () => false,
    };
    this.sender = new KdsSender({ feed, identifier: 'global', send: (response) => void this.responses.push(response) });
    this.receiver = new KdsReceiver({
      kinds,
      leadKind: 'Secret',
      self,
      initialVersions: async (of) => Object.fromEntries(this.stored.get(of) ?? []),
      apply: async (batch) => this.store(batch),
      digest: (of) => this.storedDigest(of),
      send: (request) => void this.requests.push(request),
      onFailure: (error) => {
        throw error;
      },
    });
    this.receiver.start();
    await this.receiver.idle();
  }

  private drift(what: Extract<Step, { do: 'drift' }>): void {
    const held = this.stored.get(what.kind);
    if (what.version === undefined) held?.delete(what.name);
    else held?.set(what.name, what.version);
  }

  /** What was refused counts as the sender has it. */
  private storedDigest(of: string): string {
    const held = new Map(this.stored.get(of));
    for (const [refusedName, own] of this.refused.get(of) ?? []) if (held.get(refusedName) === own) held.set(refusedName, 'bad');
    return digestOf([...held]);
  }

  private change(what: Extract<Step, { do: 'put' | 'drop' }>): void {
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
    const refused = new Map(this.refused.get(batch.kind));
    this.refused.set(batch.kind, refused);
    for (const removed of batch.removed) refused.delete(removed);
    for (const resource of good ?? []) {
      refused.delete(resource.name);
      held?.set(resource.name, resource.version);
    }
    for (const resource of bad ?? []) refused.set(resource.name, held?.get(resource.name));
    return (bad ?? []).map((resource) => ({ name: resource.name, message: 'bad' }));
  }
}

/** SetDigest wants hashes over name and content, as versions are. */
function digestOf(versions: readonly (readonly [string, string])[]): string {
  const digest = new SetDigest();
  for (const each of versions) digest.add(createHash('sha256').update(each.join(' ')).digest('hex'));
  return digest.text;
}

describe('two ends of a KDS stream', () => {
  it('end with what the sender has, but for what the receiver refuses, whatever happened before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const stream = await Stream.open();
        for (const each of steps) await stream.apply(each);
        await stream.beatAndDrain();
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
