import type { Change, FeedEvent, Mutation, Resource, ResourceDraft, ResourceStore, StoreSnapshot, TransactResult } from '@mesh/core';

/** Opens stores on one set of data. A store in memory cannot share its data: it says so by `shared: false`. */
export interface StoreFactory {
  /** Makes an empty set of data and a store on it. */
  open(): Promise<ResourceStore>;
  /** Another instance on the data of the last `open`. */
  openAnother?(): Promise<ResourceStore>;
}

/** Author of the suite's writes. */
export const AUTHOR = { name: 'contract-suite' } as const;

/** A small dataplane-like draft. */
export function draftOf(name: string, overrides: Partial<ResourceDraft> = {}): ResourceDraft {
  return { kind: 'Dataplane', mesh: 'default', name, spec: { networking: { address: '10.0.0.1' } }, ...overrides };
}

/** A mesh. */
export const meshDraft = (name: string): ResourceDraft => ({ kind: 'Mesh', mesh: '', name, spec: {} });

/** Writes mutations as the suite's author. */
export function write(store: ResourceStore, ...mutations: Mutation[]): Promise<TransactResult> {
  return store.transact(mutations, { author: AUTHOR });
}

/** A mutation that creates. */
export const create = (draft: ResourceDraft): Mutation => ({ op: 'create', draft });
/** A mutation that creates or replaces. */
export const upsert = (draft: ResourceDraft): Mutation => ({ op: 'upsert', draft });
/** A mutation that replaces. */
export const update = (draft: ResourceDraft, expectedVersion?: number): Mutation => ({
  op: 'update',
  draft,
  ...(expectedVersion === undefined ? {} : { expectedVersion }),
});
/** A mutation that removes. */
export const remove = (name: string, mesh = 'default', kind = 'Dataplane'): Mutation => ({ op: 'delete', key: { kind, mesh, name } });

/** Everything a follower heard, with waiting for a revision. */
export class Recorder {
  readonly events: FeedEvent[] = [];
  private waiters: Array<{ revision: number; resolve: () => void }> = [];

  readonly listener = (event: FeedEvent): void => {
    this.events.push(event);
    this.waiters = this.waiters.filter(({ revision, resolve }) => {
      if (this.revision < revision) return true;
      resolve();
      return false;
    });
  };

  get snapshots(): StoreSnapshot[] {
    return this.events.flatMap((event) => (event.type === 'snapshot' ? [event.snapshot] : []));
  }

  get changes(): Change[] {
    return this.events.flatMap((event) => (event.type === 'changes' ? event.changes : []));
  }

  /** Newest revision heard; -1 before the snapshot. */
  get revision(): number {
    const last = this.events.at(-1);
    if (!last) return -1;
    return last.type === 'snapshot' ? last.snapshot.revision : (last.changes.at(-1)?.revision ?? -1);
  }

  waitFor(revision: number): Promise<void> {
    if (this.revision >= revision) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ revision, resolve }));
  }
}

/** Revisions from `from` to `to`, both included. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

/** Resources without what the store stamps, ordered by name. */
export function contents(resources: readonly Resource[]): Array<{ name: string; spec: unknown }> {
  return resources.map(({ meta, spec }) => ({ name: meta.name, spec })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
