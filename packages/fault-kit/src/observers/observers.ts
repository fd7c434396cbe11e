import type { Place, World } from '../world/world.js';
import { type Change, endpointChange, MARKED_FLOWS, routeChange } from './change.js';
import { type Item, Ledger } from './ledger.js';
import { ProcessWatch } from './processes.js';
import { type Flow, Traffic } from './traffic.js';

const ITEMS = 8;

/** All that watches a world: traffic in and across zones, writes at the global and in a zone, changes, processes. */
export class Observers {
  readonly changes: readonly Change[];
  readonly traffic: Traffic;
  private readonly ledgers: readonly Ledger[];
  private readonly processes: ProcessWatch;
  private value = 0;

  constructor(readonly world: World) {
    const { lab } = world;
    this.traffic = new Traffic(flows(world));
    this.changes = [routeChange(lab, this.traffic), endpointChange(lab)];
    this.ledgers = [
      new Ledger('global', lab.global.api, items('global')),
      new Ledger('zone-1', lab.zone1.api, items('zone', { 'kuma.io/origin': 'zone' })),
    ];
    this.processes = new ProcessWatch(lab.deployment.group);
  }

  readonly nextValue = (): number => ++this.value;

  start(): void {
    this.traffic.start();
    this.processes.start();
    for (const ledger of this.ledgers) ledger.start();
  }

  async stop(): Promise<void> {
    this.processes.stop();
    await Promise.all([this.traffic.stop(), ...this.ledgers.map((ledger) => ledger.stop())]);
  }

  count(): { readonly requests: number; readonly writes: number } {
    return { requests: this.traffic.answered, writes: this.ledgers.reduce((sum, ledger) => sum + ledger.acknowledged, 0) };
  }

  /** Requests sent since a time (ms since the epoch) that failed, one line each. */
  failuresSince(time: number): string[] {
    return this.traffic.failures
      .filter(({ sentAt }) => sentAt >= time)
      .map(({ flow, sentAt, failedAt, reason }) => `${new Date(sentAt).toISOString()} ${flow}: ${reason} (after ${failedAt - sentAt} ms)`);
  }

  /** What was written at a control plane is gone, and is not looked for. */
  forgetWrites(place: Place): void {
    for (const ledger of this.ledgers) if (ledger.name === this.world.place(place).name) ledger.forget();
  }

  /** What should not have happened, apart from requests: lost writes, crashes, memory, surprises in logs. */
  async findings(): Promise<string[]> {
    await Promise.all(this.ledgers.map((ledger) => ledger.stop()));
    const lost = await Promise.all(this.ledgers.map((ledger) => ledger.findings()));
    for (const ledger of this.ledgers) ledger.start();
    return [...lost.flat(), ...this.processes.findings()];
  }
}

function flows({ lab, backendFromBillingPort }: World): Flow[] {
  const { backendFromWeb, instances } = lab;
  return [
    { name: MARKED_FLOWS[0], ...backendFromWeb, perSecond: 160 },
    { name: MARKED_FLOWS[1], host: instances.billing.address, port: backendFromBillingPort, perSecond: 80 },
  ];
}

/** Policies that no proxy matches: they cost the data planes nothing. */
function items(prefix: string, labels?: Readonly<Record<string, string>>): Item[] {
  return Array.from({ length: ITEMS }, (_, index) => {
    const name = `ledger-${prefix}-${index}`;
    return {
      path: `/meshes/default/meshtimeouts/${name}`,
      document: (value) => ({
        type: 'MeshTimeout',
        mesh: 'default',
        name,
        ...(labels ? { labels } : {}),
        spec: {
          targetRef: { kind: 'MeshSubset', tags: { 'kuma.io/service': 'nobody', value: String(value) } },
          to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: '1s' } }],
        },
      }),
      read: (found) => Number((found as { spec: { targetRef: { tags: { value: string } } } }).spec.targetRef.tags.value),
    };
  });
}
