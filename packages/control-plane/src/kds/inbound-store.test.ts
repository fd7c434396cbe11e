import { setImmediate } from 'node:timers/promises';
import { type FeedEvent, ResourceView } from '@mesh/core';
import { encodeResource, InboundStore, PeerRecord, wireName } from '@mesh/kds';
import { MemoryResourceStore } from '@mesh/store-memory';
import { expect, it } from 'vitest';
import { buildRegistry } from '../registry.js';

const registry = buildRegistry();
const author = { name: 'test' };

/** A stream from zone `z` to a global whose view gets events only when it is let. */
async function setup() {
  const store = new MemoryResourceStore();
  const view = new ResourceView();
  const late: FeedEvent[] = [];
  let held = false;
  await store.follow((event) => (held ? late.push(event) : view.apply(event)));
  await store.transact([{ op: 'create', draft: { kind: 'Zone', mesh: '', name: 'z', spec: {} } }], { author });
  const record = new PeerRecord(PeerRecord.configNameFor('z'), { kind: 'Zone', mesh: '', name: 'z' });
  const inbound = new InboundStore({ store, view, registry, scope: { at: 'global', zone: 'z', hashed: true }, record, author });
  await inbound.loadRecord();
  const send = (port: number) => {
    const spec = { networking: { address: '10.0.0.1', port, advertisedAddress: '10.0.0.1', advertisedPort: port } };
    const body = encodeResource({ name: 'ingress-1', mesh: '', labels: {}, spec }, registry.mustGet('ZoneIngress'));
    return inbound.apply({
      kind: 'ZoneIngress',
      first: false,
      resources: [{ name: wireName('ingress-1', ''), version: '', body }],
      removed: [],
    });
  };
  const stored = async () => {
    const resource = await store.get({ kind: 'ZoneIngress', mesh: '', name: 'ingress-1' });
    return (resource?.spec as { networking?: { port?: number } } | undefined)?.networking?.port;
  };
  const hold = () => void (held = true);
  const release = async () => {
    // Whoever does not wait for the view has read it by now.
    await setImmediate();
    held = false;
    for (const event of late.splice(0)) view.apply(event);
  };
  return { inbound, send, stored, hold, release };
}

it('compares a batch with what the stream stored before it, however late the view is', async () => {
  const { send, stored, hold, release } = await setup();
  await send(1);
  hold();
  await send(2);
  const back = send(1);
  await release();
  await back;
  expect(await stored()).toBe(1);
});

it('tells the peer the versions of what its stream has stored, however late the view is', async () => {
  const { inbound, send, hold, release } = await setup();
  hold();
  await send(1);
  const versions = inbound.initialVersions('ZoneIngress');
  await release();
  expect(Object.keys(await versions)).toEqual(['ingress-1.']);
});
