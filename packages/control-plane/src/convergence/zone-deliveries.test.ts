import { type DeliverySource, type ProxyConvergence, type Resource, ResourceView } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { ZoneDeliveries } from './zone-deliveries.js';

const of = (instance: string, state: Partial<ProxyConvergence>): ProxyConvergence => ({
  connected: 0,
  converged: 0,
  unknown: 0,
  offline: 0,
  lagging: [],
  instances: [instance],
  ...state,
});

const META = { creationTime: '', modificationTime: '', version: 1, labels: {} };

function viewOf(...resources: readonly Resource[]): ResourceView {
  const view = new ResourceView();
  view.apply({ type: 'snapshot', snapshot: { revision: 1, resources } });
  return view;
}

const dataplane = (name: string): Resource => ({ kind: 'Dataplane', meta: { ...META, mesh: 'm', name }, spec: {} });
const connected = (name: string): Resource => ({
  kind: 'DataplaneInsight',
  meta: { ...META, mesh: 'm', name },
  spec: { subscriptions: [{ id: '1', controlPlaneInstanceId: 'another', connectTime: '2026-01-01T00:00:00Z' }] },
});
const ingressOfAnotherZone: Resource = {
  kind: 'ZoneIngress',
  meta: { ...META, mesh: '', name: 'zi', labels: { 'kuma.io/origin': 'global' } },
  spec: {},
};

/** A server of proxies that says one thing, or nothing. */
class Server implements DeliverySource {
  readonly wanted: (number | 'now')[] = [];
  private tell: (state: ProxyConvergence) => void = () => {};

  constructor(private readonly state?: ProxyConvergence) {}

  watch(revision: number | 'now', listener: (state: ProxyConvergence) => void): void {
    this.wanted.push(revision);
    this.tell = listener;
    if (this.state) listener(this.state);
  }

  say(state: ProxyConvergence): void {
    this.tell(state);
  }
}

function watched(deliveries: ZoneDeliveries, revision: number | 'now' = 5) {
  const told: ProxyConvergence[] = [];
  const over = new AbortController();
  deliveries.watch(revision, (state) => told.push(state), over.signal);
  return { told, over, last: () => expect.poll(() => told.at(-1)) };
}

describe('what the proxies of a zone have', () => {
  it('is the sum over their servers, refusals first', async () => {
    const deliveries = new ZoneDeliveries(viewOf());
    const leave = new AbortController();
    const pending = { kind: 'Dataplane', mesh: 'm', name: 'a', state: 'pending' } as const;
    const refused = { kind: 'ZoneIngress', mesh: '', name: 'z', state: 'refused', reason: 'no' } as const;
    void deliveries.add(new Server(of('one', { connected: 2, converged: 1, lagging: [pending] })), leave.signal);
    void deliveries.add(new Server(of('two', { connected: 1, lagging: [refused] })), leave.signal);
    const { last } = watched(deliveries);
    await last().toEqual({ connected: 3, converged: 1, unknown: 0, offline: 0, lagging: [refused, pending], instances: ['one', 'two'] });
  });

  it('is not told before every server has said something, and without those that left', async () => {
    const deliveries = new ZoneDeliveries(viewOf());
    const silent = new AbortController();
    void deliveries.add(new Server(of('one', { connected: 1, converged: 1 })), new AbortController().signal);
    void deliveries.add(new Server(), silent.signal);
    const { told, last } = watched(deliveries);
    expect(told).toEqual([]);
    silent.abort();
    await last().toMatchObject({ connected: 1, converged: 1, instances: ['one'] });
  });

  it('asks a server that comes later, and tells what changes', async () => {
    const deliveries = new ZoneDeliveries(viewOf());
    const { last } = watched(deliveries);
    await last().toMatchObject({ connected: 0 });
    const server = new Server();
    void deliveries.add(server, new AbortController().signal);
    server.say(of('one', { connected: 1 }));
    await last().toMatchObject({ connected: 1, converged: 0 });
    server.say(of('one', { connected: 1, converged: 1 }));
    await last().toMatchObject({ connected: 1, converged: 1 });
  });

  it('counts proxies that are away, and those at a server that does not report', async () => {
    const view = viewOf(dataplane('gone'), dataplane('elsewhere'), connected('elsewhere'), ingressOfAnotherZone);
    const { last } = watched(new ZoneDeliveries(view));
    await last().toMatchObject({ connected: 0, unknown: 1, offline: 1 });
  });

  it('means by now what was stored last, also where the view does not show it yet', () => {
    const deliveries = new ZoneDeliveries(viewOf());
    const server = new Server();
    void deliveries.add(server, new AbortController().signal);
    deliveries.noteStored(9);
    deliveries.noteStored(7);
    watched(deliveries, 'now');
    expect(server.wanted).toEqual([9]);
  });
});
