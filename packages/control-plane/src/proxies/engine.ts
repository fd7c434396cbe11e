import { setImmediate as nextTurn } from 'node:timers/promises';
import { keyString, type Logger, messageOf, type ResourceKey } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';
import type { Concern } from '@mesh/xds';
import { Delivery, type DeliveryState, type Horizon } from './delivery.js';
import { LookPacer, type LookUrgency } from './look-pacer.js';
import type { ProxyNode } from './node.js';
import { WorkQueue } from './work-queue.js';

export interface EngineOptions {
  /** The snapshot a proxy should have now; undefined where it has to wait (its certificate is being made). */
  readonly build: (node: ProxyNode) => Snapshot | undefined;
  /** The connected proxies that changes of the view concern since the last call: see `changed`. */
  readonly concerned?: (connected: () => Iterable<ProxyNode>) => ReadonlyMap<ProxyNode, Concern>;
  /** Revision of the view that `build` reads. */
  readonly revision: () => number;
  readonly log: Logger;
  /** Called after each generation with its duration, for metrics. */
  readonly onGenerated?: (outcome: { node: ProxyNode; result: 'ok' | 'waiting' | 'error'; durationMs: number }) => void;
}

/** Gives a stream its snapshot; `taken` is called once it was compared with what the proxy has, and what differs was sent. */
export type SendSnapshot = (snapshot: Snapshot, taken: () => void) => void;

interface Entry {
  readonly node: ProxyNode;
  readonly send: SendSnapshot;
  readonly delivery: Delivery;
  lastError: string | undefined;
}

/** A connected proxy, as its stream sees the engine. */
export interface EngineMember {
  readonly delivery: Delivery;
  remove(): void;
}

/** How much a change of the view matters to the proxies here. */
export type ChangeUrgency = 'none' | LookUrgency;

/** The event loop is let go after so much work. */
const SLICE_MS = 2;

/**
 * Gives every connected proxy its snapshot, and a new one when something it depends on changed.
 * Changes are gathered for a moment under load, the proxies they concern found for all of them together, and
 * worked on one at a time with the event loop let go in between; one that cannot be built keeps its last
 * good snapshot.
 */
export class SnapshotEngine {
  private readonly entries = new Map<string, Entry>();
  private readonly dirty = new WorkQueue<Entry>();
  private readonly horizon: Horizon = { revision: -1 };
  private readonly listeners = new Set<() => void>();
  private readonly lookers = new Set<(revision: number) => void>();
  private readonly resters = new Set<() => void>();
  private readonly pacer = new LookPacer(() => this.look());
  /** The view changed in a way that may concern proxies, and nobody has looked which yet. */
  private unseen = false;
  private working = false;

  constructor(private readonly options: EngineOptions) {}

  /** Adds a proxy and builds its first snapshot at once, ahead of any batch under way. */
  add(node: ProxyNode, send: SendSnapshot): EngineMember {
    const id = keyString(node.key);
    const entry: Entry = { node, send, delivery: new Delivery(this.horizon, () => this.tell()), lastError: undefined };
    const former = this.entries.get(id);
    if (former) this.dirty.delete(former);
    this.entries.set(id, entry);
    this.rebuild(entry);
    return {
      delivery: entry.delivery,
      remove: () => {
        this.dirty.delete(entry);
        if (this.entries.get(id) === entry) this.entries.delete(id);
        this.tell();
      },
    };
  }

  /**
   * The view changed; it may concern proxies, which are found and rebuilt soon; at once, where endpoints went that
   * traffic must not be sent to any more; or with what comes in the next moment, where nobody waits for it.
   */
  changed(urgency: ChangeUrgency): void {
    if (urgency !== 'none') {
      this.unseen = true;
      this.pacer.trigger(urgency);
    }
    this.moveHorizon();
  }

  /** Rebuilds the proxies that `affects` selects, none without it; the others are as up to date as the view, as far as it was looked at. */
  invalidate(affects?: (node: ProxyNode) => boolean): void {
    if (affects) for (const entry of this.entries.values()) if (affects(entry.node)) this.mark(entry, 'other');
    this.moveHorizon();
    this.work();
  }

  /** Rebuilds the proxy of a resource. */
  invalidateOne(key: ResourceKey): void {
    const entry = this.entries.get(keyString(key));
    if (entry) this.mark(entry, 'other');
    this.work();
  }

  /** Connected proxies. */
  nodes(): ProxyNode[] {
    return [...this.entries.values()].map((entry) => entry.node);
  }

  /** Which revision each connected proxy has, by `keyString` of its resource. */
  deliveries(): ReadonlyMap<string, DeliveryState> {
    return new Map([...this.entries].map(([id, entry]) => [id, entry.delivery.state]));
  }

  /** Each connected proxy with what it has. */
  *progress(): Iterable<[ResourceKey, DeliveryState]> {
    for (const { node, delivery } of this.entries.values()) yield [node.key, delivery.state];
  }

  /** Calls back after every step of any proxy, and when one leaves. */
  onProgress(listener: () => void): { unsubscribe(): void } {
    this.listeners.add(listener);
    return { unsubscribe: () => void this.listeners.delete(listener) };
  }

  /** Calls back whenever it is known whom all changes up to a revision concern: these are behind it from then on, until they are rebuilt. */
  onLooked(listener: (revision: number) => void): { unsubscribe(): void } {
    this.lookers.add(listener);
    return { unsubscribe: () => void this.lookers.delete(listener) };
  }

  /** Calls back whenever all changes that were looked at are worked in, and no other has come. */
  onIdle(listener: () => void): { unsubscribe(): void } {
    this.resters.add(listener);
    return { unsubscribe: () => void this.resters.delete(listener) };
  }

  /** The newest snapshot of each connected proxy that has one which could be built. */
  *snapshots(): Iterable<[ProxyNode, Snapshot]> {
    for (const { node, delivery } of this.entries.values()) if (delivery.snapshot) yield [node, delivery.snapshot];
  }

  stop(): void {
    this.pacer.stop();
    this.entries.clear();
    this.dirty.clear();
  }

  private look(): void {
    const startMs = performance.now();
    for (const [node, concern] of this.concerned()) {
      const entry = this.entries.get(keyString(node.key));
      if (entry?.node === node) this.mark(entry, concern);
    }
    this.unseen = false;
    this.pacer.worked(performance.now() - startMs);
    this.moveHorizon();
    this.work();
    this.rest();
  }

  private rest(): void {
    if (this.unseen || this.working || this.dirty.size > 0) return;
    for (const listener of this.resters) listener();
  }

  private concerned(): Iterable<readonly [ProxyNode, Concern]> {
    try {
      return this.options.concerned?.(() => this.nodes()) ?? [];
    } catch (error) {
      this.options.log.error({ error: messageOf(error) }, 'whom a change concerns could not be found out: all proxies are looked at');
      return this.nodes().map((node) => [node, 'other'] as const);
    }
  }

  private mark(entry: Entry, concern: Concern): void {
    entry.delivery.affected();
    this.dirty.add(entry, concern);
  }

  /** Whoever is not marked is as up to date as the view. */
  private moveHorizon(): void {
    if (this.unseen) return;
    this.horizon.revision = this.options.revision();
    for (const listener of this.lookers) listener(this.horizon.revision);
    this.tell();
  }

  private work(): void {
    if (this.working || this.dirty.size === 0) return;
    this.working = true;
    void this.rebuildDirty();
  }

  private async rebuildDirty(): Promise<void> {
    while (this.dirty.size > 0) {
      await nextTurn();
      this.pacer.worked(this.rebuildSome());
    }
    // With the look that found nothing left: what is marked from here on starts anew.
    this.working = false;
    this.rest();
  }

  /** Rebuilds for as long as a slice; returns how long it took, in milliseconds. */
  private rebuildSome(): number {
    const startMs = performance.now();
    for (;;) {
      const entry = this.dirty.next();
      if (entry) this.rebuild(entry);
      const durationMs = performance.now() - startMs;
      if (!entry || durationMs >= SLICE_MS) return durationMs;
    }
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  private rebuild(entry: Entry): void {
    const { build, revision, onGenerated } = this.options;
    const startMs = performance.now();
    const done = (result: 'ok' | 'waiting' | 'error') =>
      onGenerated?.({ node: entry.node, result, durationMs: performance.now() - startMs });
    try {
      const snapshot = build(entry.node);
      if (!snapshot) {
        entry.delivery.waits();
        return done('waiting');
      }
      entry.delivery.built(snapshot, revision());
      entry.send(snapshot, () => entry.delivery.taken(snapshot));
      entry.lastError = undefined;
      done('ok');
    } catch (error) {
      this.failed(entry, messageOf(error));
      done('error');
    }
  }

  /** Logged when the reason changes, not with every attempt. */
  private failed(entry: Entry, message: string): void {
    entry.delivery.failed(message);
    if (entry.lastError === message) return;
    entry.lastError = message;
    const { mesh, name } = entry.node.key;
    this.options.log.error(
      { proxy: name, mesh, error: message },
      'the configuration of a proxy could not be generated; it keeps its last one',
    );
  }
}
