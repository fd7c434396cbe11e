import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Snapshot, xdsTypeUrls } from '../src/index.js';
import { fullStateTypes, ModelClient, modelTypes, snapshotOf } from './model-client.js';

const { cluster, endpoint, listener, route } = xdsTypeUrls;
const names = ['a', 'b', 'c', 'd'];

type Op =
  | { op: 'snapshot'; snapshot: Snapshot }
  | { op: 'open' | 'subscribe' | 'unsubscribe'; typeUrl: string; name: string }
  | { op: 'toClient' | 'toServer' | 'reconnect' };

const arbitraryType = fc.constantFrom(...modelTypes);
const arbitraryName = fc.constantFrom(...names);

function arbitrarySnapshot(versions: readonly string[]): fc.Arbitrary<Snapshot> {
  const resources = fc.dictionary(arbitraryName, fc.constantFrom(...versions), { maxKeys: 4 });
  return fc.record({ [cluster]: resources, [endpoint]: resources, [listener]: resources, [route]: resources }).map(snapshotOf);
}

const arbitraryOp: fc.Arbitrary<Op> = fc.oneof(
  { weight: 3, arbitrary: arbitrarySnapshot(['1', '2', '3', 'bad1', 'bad2']).map((snapshot): Op => ({ op: 'snapshot', snapshot })) },
  {
    weight: 6,
    arbitrary: fc.record({ op: fc.constantFrom('open', 'subscribe', 'unsubscribe'), typeUrl: arbitraryType, name: arbitraryName }),
  },
  { weight: 10, arbitrary: fc.record({ op: fc.constantFrom('toClient', 'toServer') }) },
  { weight: 1, arbitrary: fc.constant<Op>({ op: 'reconnect' }) },
);

function apply(client: ModelClient, op: Op): void {
  if (op.op === 'snapshot') client.setSnapshot(op.snapshot);
  else if (op.op === 'open' && !client.type(op.typeUrl).opened) client.open(op.typeUrl);
  else if (op.op === 'subscribe') client.subscribe(op.typeUrl, op.name);
  else if (op.op === 'unsubscribe') client.unsubscribe(op.typeUrl, op.name);
  else if (op.op === 'toClient') client.deliverToClient();
  else if (op.op === 'toServer') client.deliverToServer();
  else if (op.op === 'reconnect') client.connect();
}

function expectConverged(client: ModelClient, snapshot: Snapshot): void {
  for (const [typeUrl, type] of client.types) {
    if (!type.opened) continue;
    const wanted = [...(snapshot.get(typeUrl)?.resources.values() ?? [])].filter((r) => type.wildcard || type.names.has(r.name));
    const expected = Object.fromEntries(wanted.map((r) => [r.name, r.version]));
    const actual = Object.fromEntries(type.store);
    // SotW cannot say that a resource of these types is gone.
    if (client.variant === 'sotw' && !fullStateTypes.has(typeUrl)) expect(actual, typeUrl).toMatchObject(expected);
    else expect(actual, typeUrl).toEqual(expected);
  }
  const subscribed = client.type(endpoint).names;
  for (const name of client.warming) {
    expect(subscribed.has(name) && snapshot.get(endpoint)?.resources.has(name), `cluster ${name} stays warming`).toBe(false);
  }
  expect(client.settled).toBe(true);
}

describe.each(['delta', 'sotw'] as const)('a %s client', (variant) => {
  it('ends with exactly the snapshot restricted to its subscriptions, whatever happened before', () => {
    fc.assert(
      fc.property(fc.array(arbitraryOp, { maxLength: 60 }), arbitrarySnapshot(['1', '2', '3']), (ops, last) => {
        const client = new ModelClient(variant);
        for (const op of ops) apply(client, op);
        client.setSnapshot(last);
        client.drain();
        expectConverged(client, last);
      }),
      { numRuns: 2000 },
    );
  });

  it('never has a route to a cluster that it does not have, with endpoints', () => {
    fc.assert(
      fc.property(fc.array(arbitraryRouting, { minLength: 1, maxLength: 16 }), fc.boolean(), (steps, answersWhenWarm) => {
        const client = new ModelClient(variant);
        client.setSnapshot(routingSnapshot({ clusters: ['a'], target: 'a', version: '0' }));
        client.afterAccept = () => likeEnvoy(client);
        client.answersWhenWarm = answersWhenWarm;
        client.open(cluster);
        for (const step of steps) {
          if (step.routing) client.setSnapshot(routingSnapshot(step.routing));
          for (let i = 0; i < step.deliveries; i++) {
            if (i % 2 === step.parity) client.deliverToServer();
            else client.deliverToClient();
          }
        }
        client.drain();
        expect(client.type(route).store.size).toBe(1);
        expect(client.settled).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

interface Routing {
  readonly clusters: readonly string[];
  readonly target: string;
  readonly version: string;
}

const arbitraryRouting = fc.record({
  routing: fc.option(
    fc
      .record({ clusters: fc.uniqueArray(arbitraryName, { minLength: 1 }), version: fc.constantFrom('0', '1', '2') })
      .map(({ clusters, version }): Routing => ({ clusters, target: clusters[0]!, version })),
    { nil: undefined },
  ),
  deliveries: fc.nat({ max: 12 }),
  parity: fc.constantFrom(0, 1),
});

function routingSnapshot({ clusters, target, version }: Routing): Snapshot {
  const each = Object.fromEntries(clusters.map((name) => [name, version]));
  return snapshotOf({ [cluster]: each, [endpoint]: each, [listener]: { l: version }, [route]: { r: target } });
}

/** Asks for what Envoy asks for next, given what it has; checks what it must never see. */
function likeEnvoy(client: ModelClient): void {
  const clusters = client.type(cluster).store;
  const endpoints = client.type(endpoint);
  for (const name of clusters.keys()) client.subscribe(endpoint, name);
  for (const name of [...endpoints.names]) if (!clusters.has(name)) client.unsubscribe(endpoint, name);
  const warm = clusters.size > 0 && [...clusters.keys()].every((name) => endpoints.store.has(name));
  if (warm && !client.type(listener).opened) client.open(listener);
  if (client.type(listener).store.size > 0 && !client.type(route).opened) client.subscribe(route, 'r');
  const target = client.type(route).store.get('r');
  if (target === undefined) return;
  expect(clusters.has(target), `route to missing cluster ${target}`).toBe(true);
  expect(endpoints.store.has(target), `route to cluster ${target} without endpoints`).toBe(true);
}
