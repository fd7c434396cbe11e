import { create } from '@bufbuild/protobuf';
import { type DeltaDiscoveryRequest, DeltaDiscoveryResponseSchema } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import { describe, expect, it } from 'vitest';
import { writeBeat } from './beat.js';
import { KdsReceiver, type ReceivedBatch, type Rejection } from './receiver.js';

const self = { id: 'zone-1', instanceId: 'i', config: '{}', version: { version: '2.14.3', gitTag: '', gitCommit: '', buildDate: '' } };

function setup(apply: (batch: ReceivedBatch) => Promise<readonly Rejection[]> = async () => []) {
  const sent: DeltaDiscoveryRequest[] = [];
  const failures: unknown[] = [];
  const differences: string[] = [];
  let synced = 0;
  const receiver = new KdsReceiver({
    kinds: ['Mesh', 'Config', 'Secret'],
    leadKind: 'Config',
    self,
    initialVersions: async (kind) => ({ [`${kind}-x.`]: 'v' }),
    apply,
    digest: (kind) => (kind === 'Secret' ? 'same' : 'ours'),
    onDifference: (kind) => void differences.push(kind),
    send: (request) => void sent.push(request),
    onSynced: async () => void synced++,
    onFailure: (error) => void failures.push(error),
  });
  const respond = async (typeUrl: string, nonce = '1') => {
    receiver.onResponse(create(DeltaDiscoveryResponseSchema, { typeUrl, nonce }));
    await receiver.idle();
  };
  return { receiver, sent, failures, differences, respond, synced: () => synced };
}

describe('the receiving side of a KDS stream', () => {
  it('asks for its lead kind first and alone, then for the others, naming the versions it holds', async () => {
    const { receiver, sent, respond } = setup();
    receiver.start();
    await receiver.idle();
    expect(sent.map((r) => r.typeUrl)).toEqual(['Config']);
    expect(sent[0]).toMatchObject({ resourceNamesSubscribe: ['*'], initialResourceVersions: { 'Config-x.': 'v' }, responseNonce: '' });
    await respond('Config', '7');
    expect(sent.slice(1).map((r) => [r.typeUrl, r.responseNonce])).toEqual([
      ['Config', '7'],
      ['Mesh', ''],
      ['Secret', ''],
    ]);
    for (const request of sent) expect(request.node?.id).toBe('zone-1');
  });

  it('says when every kind was stored once', async () => {
    const { receiver, respond, synced } = setup();
    receiver.start();
    await respond('Config');
    await respond('Mesh');
    expect(synced()).toBe(0);
    await respond('Secret');
    await respond('Secret', '2');
    expect(synced()).toBe(1);
  });

  it('answers a refused resource with the reason, the same nonce and a non-empty list of names', async () => {
    const { receiver, sent, respond } = setup(async () => [
      { name: 'a', message: 'one' },
      { name: 'b', message: 'two' },
    ]);
    receiver.start();
    await respond('Config', '5');
    expect(sent[1]).toMatchObject({
      responseNonce: '5',
      errorDetail: { code: 0, message: 'a: one\nb: two' },
      resourceNamesSubscribe: ['*'],
    });
  });

  it('acknowledges kinds it never asked for without looking inside', async () => {
    const seen: string[] = [];
    const { receiver, sent, respond } = setup(async (batch) => {
      seen.push(batch.kind);
      return [];
    });
    receiver.start();
    await respond('Surprise', '3');
    expect(seen).toEqual([]);
    expect(sent.at(-1)).toMatchObject({ typeUrl: 'Surprise', responseNonce: '3' });
  });

  it('answers beats at once, also while it stores, and asks anew for a kind that is not what the peer says', async () => {
    let stored: () => void = () => {};
    const slow = new Promise<void>((resolve) => {
      stored = resolve;
    });
    const { receiver, sent, respond, differences } = setup(() => slow.then(() => []));
    receiver.start();
    const digests = new Map([
      ['Mesh', 'theirs'],
      ['Secret', 'same'],
    ]);
    const beat = () => receiver.onResponse(writeBeat({ revision: 9, settled: 8, digests }));
    const storing = respond('Config');
    beat();
    expect(sent.filter(({ typeUrl }) => typeUrl === 'mesh.beat')).toHaveLength(1);
    stored();
    await storing;
    for (const kind of ['Mesh', 'Secret']) await respond(kind);
    const before = sent.length;
    beat();
    await receiver.idle();
    expect(sent.slice(before).map((r) => [r.typeUrl, r.responseNonce, r.resourceNamesSubscribe])).toEqual([
      ['mesh.beat', '', []],
      ['Mesh', '', ['*']],
    ]);
    expect(differences).toEqual(['Mesh']);
  });

  it('ends the stream of a peer that sends without waiting for answers', async () => {
    const { receiver, failures } = setup(() => new Promise(() => {}));
    receiver.start();
    for (let i = 0; i < 100; i++) receiver.onResponse(create(DeltaDiscoveryResponseSchema, { typeUrl: 'Mesh', nonce: String(i) }));
    expect(failures).toHaveLength(1);
    expect(String(failures[0])).toContain('too many responses');
  });

  it('does not acknowledge what the store did not take, and stops', async () => {
    const { receiver, sent, failures, respond } = setup(async () => Promise.reject(new Error('disk')));
    receiver.start();
    await respond('Config');
    await respond('Config', '2');
    expect(sent).toHaveLength(1);
    expect(failures).toHaveLength(1);
  });
});
