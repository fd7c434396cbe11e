import { setImmediate as nextTurn } from 'node:timers/promises';
import { keyString, type Logger, messageOf, type ResourceKey } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';
import { Delivery, type DeliveryState, type Horizon } from './delivery.js';
import type { ProxyNode } from './node.js';
import { Pacer } from './pacer.js';

export interface EngineOptions {
  /** The snapshot a proxy should have now; undefined where it has to wait (its certificate is being made). */
  readonly build: (node: ProxyNode) => Snapshot | undefined;
  /** Revision of the view that `build` reads. */
  readonly revision: () => number;
  readonly log: Logger;
  /** Called after each generation with its duration, for metrics. */
  readonly onGenerated?: (outcome: { node: ProxyNode; result: 'ok' | 'waiting' | 'error'; durationMs: number }) => void;
}

interface Entry {
  readonly node: ProxyNode;
  readonly send: (snapshot: Snapshot) => void;
  readonly delivery: Delivery;
  lastError: string | undefined;
}

/** A connected proxy, as its stream sees the engine. */
export interface EngineMember {
  readonly delivery: Delivery;
  remove(): void;
}

/**
 * Gives every connected proxy its snapshot, and a new one when something it depends on changed.
 * Proxies are worked on one at a time with the event loop let go in between; one that cannot be
 * built keeps its last good snapshot.
 */
export class SnapshotEngine {
  private readonly entries = new Map<string, Entry>();
  private dirty = new Set<Entry>();
  private readonly horizon: Horizon = { revision: -1 };
  private readonly listeners = new Set<() => void>();
  private readonly pacer = new Pacer(() => this.rebuildDirty());

  constructor(private readonly options: EngineOptions) {}

  /** Adds a proxy and builds its first snapshot at once, ahead of any batch under way. */
  add(node: ProxyNode, send: (snapshot: Snapshot) => void): EngineMember {
    const id = keyString(node.key);
    const entry: Entry = { node, send, delivery: new Delivery(this.horizon, () => this.tell()), lastError: undefined };
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

  /** Rebuilds, soon, the proxies that `affects` selects, none without it; the others are as up to date as the view. */
  invalidate(affects?: (node: ProxyNode) => boolean): void {
    if (affects) {
      for (const entry of this.entries.values()) {
        if (this.dirty.has(entry) || !affects(entry.node)) continue;
        entry.delivery.affected();
        this.dirty.add(entry);
      }
    }
    this.horizon.revision = this.options.revision();
    if (this.dirty.size > 0) this.pacer.trigger();
    this.tell();
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

  stop(): void {
    this.pacer.stop();
    this.entries.clear();
    this.dirty.clear();
  }

  private async rebuildDirty(): Promise<void> {
    const batch = this.dirty;
    this.dirty = new Set();
    for (const entry of batch) {
      if (this.entries.get(keyString(entry.node.key)) === entry) this.rebuild(entry);
      await nextTurn();
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
      entry.send(snapshot);
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
