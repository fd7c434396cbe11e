import { create } from '@bufbuild/protobuf';
import { DeltaDiscoveryRequestSchema, type DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { describe, expect, it } from 'vitest';
import type { EncodedResource } from './codec.js';
import { FEATURE_BEATS, FEATURE_EXPLICIT_REMOVAL } from './kinds.js';
import { KdsSender } from './sender.js';

class Peer {
  readonly sent: DeltaDiscoveryResponse[] = [];
  readonly content = new Map<string, EncodedResource>();
  readonly withheld = new Set<string>();
  digest: string | undefined = 'd1';
  revision = 42;
  readonly sender: KdsSender;

  constructor(private readonly features: string[] = []) {
    const revision = () => this.revision;
    const feed = {
      get revision() {
        return revision();
      },
      digest: () => this.digest,
      isWithheld: (_kind: string, name: string) => this.withheld.has(name),
      kinds: () => (this.content.size > 0 ? ['Mesh'] : []),
      sends: (kind: string) => kind !== 'Nonsense',
      resources: (kind: string) => (kind === 'Mesh' ? this.content : new Map<string, EncodedResource>()),
    };
    this.sender = new KdsSender({ feed, identifier: 'global', send: (response) => void this.sent.push(response) });
  }

  change(name: string, version?: string, bytes = 1): void {
    if (version === undefined) this.content.delete(name);
    else this.content.set(name, { name, version, body: new Uint8Array(bytes) });
    this.sender.onChange('Mesh', name);
  }

  subscribe(kind = 'Mesh', initialResourceVersions: Record<string, string> = {}): void {
    const node = { id: 'z', metadata: { features: this.features } };
    this.sender.onRequest(create(DeltaDiscoveryRequestSchema, { node, typeUrl: kind, initialResourceVersions }));
  }

  answer(nonce: string, error?: string): void {
    const detail = error === undefined ? {} : { errorDetail: { code: 0, message: error } };
    this.sender.onRequest(create(DeltaDiscoveryRequestSchema, { node: { id: 'z' }, typeUrl: 'Mesh', responseNonce: nonce, ...detail }));
  }

  get log(): string[] {
    return this.sent.map((r) => `${r.nonce} +${r.resources.map((x) => x.name).join()} -${r.removedResources.join()}`);
  }
}

describe('the sending side of a KDS stream', () => {
  it('answers a first request with everything, even where that is nothing', () => {
    const peer = new Peer();
    peer.change('a.', '1');
    peer.subscribe();
    peer.subscribe('Zone');
    expect(peer.log).toEqual(['1 +a. -', '2 + -']);
    expect(peer.sent[0]?.systemVersionInfo).toBe('');
  });

  it('says nothing of a kind it does not know to a peer that would delete its own, and answers one that would not', () => {
    const kuma = new Peer();
    kuma.subscribe('Nonsense');
    expect(kuma.log).toEqual([]);
    kuma.subscribe('Mesh');
    expect(kuma.log).toEqual(['1 + -']);
    const ours = new Peer([FEATURE_EXPLICIT_REMOVAL]);
    ours.subscribe('Nonsense');
    expect(ours.log).toEqual(['1 + -']);
  });

  it('sends only what differs from what the peer says it holds, and names what is gone', () => {
    const peer = new Peer();
    peer.change('same.', '1');
    peer.change('changed.', '2');
    peer.subscribe('Mesh', { 'same.': '1', 'changed.': '1', 'gone.': '1' });
    expect(peer.log).toEqual(['1 +changed. -gone.']);
  });

  it('answers a first request of a peer that has everything, with nothing', () => {
    const peer = new Peer();
    peer.change('a.', '1');
    peer.subscribe('Mesh', { 'a.': '1' });
    expect(peer.log).toEqual(['1 + -']);
  });

  it('holds changes back until the peer answered, then sends their sum', () => {
    const peer = new Peer();
    peer.subscribe();
    peer.change('a.', '1');
    peer.change('a.', '2');
    peer.change('b.', '1');
    peer.change('b.');
    expect(peer.log).toEqual(['1 + -']);
    peer.answer('1');
    expect(peer.log).toEqual(['1 + -', '2 +a. -']);
    peer.answer('2');
    expect(peer.sent).toHaveLength(2);
  });

  it('does not repeat what was refused until it changes', () => {
    const peer = new Peer();
    peer.change('good.', '1');
    peer.change('bad.', '1');
    peer.subscribe();
    peer.answer('1', 'no');
    expect(peer.sent).toHaveLength(1);
    peer.change('bad.', '2');
    expect(peer.log.at(-1)).toBe('2 +bad. -');
  });

  it('is not drawn into a ping-pong by answers without a nonce, nor moved by old ones', () => {
    const peer = new Peer();
    peer.subscribe();
    for (let i = 0; i < 100; i++) peer.answer('');
    expect(peer.sent).toHaveLength(1);
    peer.change('a.', '1');
    peer.answer('1');
    peer.change('a.', '2');
    expect(peer.sent).toHaveLength(2);
    peer.answer('2');
    expect(peer.sent).toHaveLength(3);
  });

  it('cuts big answers for peers of ours only: a Kuma peer deletes what a first answer leaves out', () => {
    const big = 200 * 1024;
    for (const [features, expected] of [
      [[FEATURE_EXPLICIT_REMOVAL], 1],
      [[], 3],
    ] as const) {
      const peer = new Peer([...features]);
      for (const name of ['a.', 'b.', 'c.']) peer.change(name, '1', big);
      peer.subscribe();
      expect(peer.sent[0]?.resources).toHaveLength(expected);
      peer.answer('1');
      expect(peer.sent.flatMap((r) => r.resources).length).toBe(expected === 1 ? 2 : 3);
    }
  });

  it('counts a revision as settled once every kind there is something of was asked for and answered', () => {
    const peer = new Peer();
    peer.change('a.', '1');
    peer.subscribe('Secret');
    peer.sender.onRequest(create(DeltaDiscoveryRequestSchema, { node: { id: 'z' }, typeUrl: 'Secret', responseNonce: '1' }));
    expect(peer.sender.settledRevision).toBe(-1);
    peer.subscribe();
    expect(peer.sender.settledRevision).toBe(-1);
    peer.answer('2');
    expect(peer.sender.settledRevision).toBe(42);
  });

  it('counts a revision as settled while newer ones are under way without end', () => {
    const peer = new Peer();
    peer.subscribe();
    peer.answer('1');
    for (let nonce = 2; nonce < 6; nonce++) {
      peer.revision += 10;
      peer.change('a.', `${nonce}`);
      // It changes again before the answer comes.
      if (nonce > 2) peer.answer(`${nonce - 1}`);
      expect(peer.sender.settledRevision).toBe(peer.revision - 1);
    }
    peer.revision += 10;
    expect(peer.sender.settledRevision).toBe(peer.revision - 11);
    peer.answer('5');
    expect(peer.sender.settledRevision).toBe(peer.revision);
  });

  it('does not name as gone what it only cannot encode', () => {
    const peer = new Peer();
    peer.withheld.add('odd.');
    peer.subscribe('Mesh', { 'odd.': '1', 'gone.': '1' });
    expect(peer.log).toEqual(['1 + -gone.']);
  });

  it('says in its beats how far it is, and of each kind what the peer should have, once it has everything', () => {
    const peer = new Peer([FEATURE_BEATS]);
    const beat = () => {
      peer.sender.beat();
      const { typeUrl, systemVersionInfo, resources } = peer.sent.at(-1)!;
      return [typeUrl, systemVersionInfo, resources.map(({ name, version }) => `${name} ${version}`).join()];
    };
    peer.change('a.', '1');
    peer.subscribe();
    expect(beat()).toEqual(['mesh.beat', '42 -1', '']);
    peer.answer('1');
    expect(beat()).toEqual(['mesh.beat', '42 42', 'Mesh d1']);
    expect(beat()).toEqual(['mesh.beat', '42 42', '']);
    peer.digest = 'd2';
    expect(beat()).toEqual(['mesh.beat', '42 42', 'Mesh d2']);
  });

  it('starts a kind over for a peer that answers beats, and for no other', () => {
    const again = (features: string[]) => {
      const peer = new Peer(features);
      peer.change('a.', '1');
      peer.subscribe();
      peer.answer('1');
      const node = { id: 'z' };
      const initialResourceVersions = { 'a.': 'other', 'extra.': '1' };
      peer.sender.onRequest(
        create(DeltaDiscoveryRequestSchema, { node, typeUrl: 'Mesh', resourceNamesSubscribe: ['*'], initialResourceVersions }),
      );
      return peer.log;
    };
    expect(again([FEATURE_BEATS])).toEqual(['1 +a. -', '2 +a. -extra.']);
    expect(again([])).toEqual(['1 +a. -']);
  });

  it('keeps one response per kind for a peer that stops reading, however much changes', () => {
    const peer = new Peer([FEATURE_BEATS, FEATURE_EXPLICIT_REMOVAL]);
    peer.subscribe();
    for (let i = 0; i < 10_000; i++) peer.change(`r${i % 100}.`, String(i), 1000);
    expect(peer.sent).toHaveLength(1);
    peer.answer('1');
    expect(peer.sent).toHaveLength(2);
    expect(peer.sent[1]?.resources).toHaveLength(100);
  });

  it('ends the stream of a peer that does not say who it is', () => {
    const peer = new Peer();
    expect(() => peer.sender.onRequest(create(DeltaDiscoveryRequestSchema, { typeUrl: 'Mesh' }))).toThrow(/node/);
    expect(() => peer.sender.onRequest(create(DeltaDiscoveryRequestSchema, { node: { id: 'z' } }))).toThrow(/type_url/);
  });
});
