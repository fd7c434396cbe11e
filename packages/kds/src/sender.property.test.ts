import { create } from '@bufbuild/protobuf';
import { DeltaDiscoveryRequestSchema, type DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EncodedResource } from './codec.js';
import { FEATURE_EXPLICIT_REMOVAL } from './kinds.js';
import { KdsSender } from './sender.js';

type Step =
  | { readonly do: 'put'; readonly name: string; readonly version: string }
  | { readonly do: 'drop'; readonly name: string }
  | { readonly do: 'ack' };

const name = fc.constantFrom('a.', 'b.', 'c.', 'd.');
const version = fc.constantFrom('1', '2', '3');
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('put' as const), name, version }),
    fc.record({ do: fc.constant('drop' as const), name }),
    fc.record({ do: fc.constant('ack' as const) }),
  ),
  { maxLength: 60 },
);

/** A peer that holds what it was sent and answers when told. */
class Peer {
  readonly holds: Map<string, string>;
  unanswered: string | undefined;
  private readonly sender: KdsSender;

  constructor(
    private readonly content: Map<string, EncodedResource>,
    initial: Record<string, string>,
  ) {
    this.holds = new Map(Object.entries(initial));
    this.sender = new KdsSender({
      feed: {
        revision: 1,
        kinds: () => ['Mesh'],
        sends: () => true,
        resources: () => content,
        digest: () => undefined,
        isWithheld: () => false,
      },
      identifier: 'g',
      send: (r) => this.take(r),
    });
    const node = { id: 'z', metadata: { features: [FEATURE_EXPLICIT_REMOVAL] } };
    this.sender.onRequest(create(DeltaDiscoveryRequestSchema, { node, typeUrl: 'Mesh', initialResourceVersions: initial }));
  }

  apply(step: Step): void {
    if (step.do === 'ack') {
      this.ack();
      return;
    }
    // Two megabytes each: more than two of them need a second part.
    if (step.do === 'put') this.content.set(step.name, { name: step.name, version: step.version, body: new Uint8Array(2_000_000) });
    else this.content.delete(step.name);
    this.sender.onChange('Mesh', step.name);
  }

  ack(): void {
    if (this.unanswered === undefined) return;
    const responseNonce = this.unanswered;
    this.unanswered = undefined;
    this.sender.onRequest(create(DeltaDiscoveryRequestSchema, { node: { id: 'z' }, typeUrl: 'Mesh', responseNonce }));
  }

  private take(response: DeltaDiscoveryResponse): void {
    expect(this.unanswered, 'a second response before the first was answered').toBeUndefined();
    this.unanswered = response.nonce;
    for (const removed of response.removedResources) this.holds.delete(removed);
    for (const resource of response.resources) this.holds.set(resource.name, resource.version);
  }
}

describe('a KDS stream', () => {
  it('brings the peer to the sender’s state, whatever changes when, with one unanswered response at most', () => {
    fc.assert(
      fc.property(fc.dictionary(name, version), fc.dictionary(name, version), steps, (initial, held, work) => {
        const content = new Map(Object.entries(initial).map(([n, v]) => [n, { name: n, version: v, body: new Uint8Array(2_000_000) }]));
        const peer = new Peer(content, held);
        for (const step of work) peer.apply(step);
        for (let i = 0; peer.unanswered !== undefined && i < 100; i++) peer.ack();
        expect(peer.unanswered).toBeUndefined();
        expect(Object.fromEntries(peer.holds)).toEqual(Object.fromEntries([...content].map(([n, r]) => [n, r.version])));
      }),
      { numRuns: 60 },
    );
  });
});
