import {
  type Author,
  type DescriptorRegistry,
  keyString,
  MeshError,
  type Mutation,
  type Resource,
  type ResourceKey,
  type ResourceStore,
  type ResourceView,
  type TransactResult,
  tracing,
} from '@mesh/core';
import { toEncodedResource } from './codec.js';
import { type InboundPlan, type InboundScope, inScope, keysOfBatch, planInbound, senderName } from './inbound.js';
import { parseWireName } from './names.js';
import type { PeerRecord } from './peer-record.js';
import type { ReceivedBatch, Rejection } from './receiver.js';

/** A view that has not seen a write after so long follows no more: the stream ends, and the peer comes back. */
const VIEW_WAIT_MS = 30_000;
/** A lost optimistic lock is tried again with fresh reads; more losses than this end the stream. */
const ATTEMPTS_MAX = 5;

export interface InboundStoreOptions {
  readonly store: ResourceStore;
  /** Follows the store. What is stored is read here, once the view has seen all that it must. */
  readonly view: ResourceView;
  readonly registry: DescriptorRegistry;
  readonly scope: InboundScope;
  readonly record: PeerRecord;
  readonly author: Author;
  /** Fencing number, where only the leader receives. */
  readonly fence?: number;
  /** Values that named another zone were put right (`kds_zone_attribution_rewrites_total`). */
  readonly onPinned?: (kind: string, count: number) => void;
  /** A removal was not carried out: the peer is not the one last synced with. */
  readonly onHeld?: (kind: string, wireNames: readonly string[]) => void;
  readonly onStored?: (kind: string, result: TransactResult) => void;
}

/** Stores what a stream receives: one transaction per response, retried where a lock was lost. */
export class InboundStore {
  /** Revision below which nothing may be read: what was there when the stream began, then its own writes. */
  private reached = 0;

  constructor(private readonly options: InboundStoreOptions) {}

  /** Reads the record of the peer, from a view no older than this call; call before the stream starts. */
  async loadRecord(): Promise<void> {
    const { record, store, author } = this.options;
    this.reached = (await store.transact([], { author })).revision;
    const stored = (await this.currentView()).get(keyOfRecord(record));
    const config = (stored?.spec as { config?: unknown } | undefined)?.config;
    record.load(typeof config === 'string' ? config : undefined);
  }

  /** Versions by wire name of all that is stored in the peer's scope, less what is held. */
  async initialVersions(kind: string): Promise<Record<string, string>> {
    const { registry, scope, record } = this.options;
    const descriptor = registry.mustGet(kind);
    const versions: Record<string, string> = {};
    for (const resource of (await this.currentView()).list(kind)) {
      if (!inScope(resource, scope)) continue;
      const name = senderName(resource, scope);
      if (record.isHeld(kind, name)) continue;
      const zero = descriptor.zeroStatus ?? {};
      const status = descriptor.hasStatus ? { status: scope.at === 'zone' ? zero : (resource.status ?? zero) } : {};
      const { mesh, labels } = resource.meta;
      versions[name] = versionOf(() =>
        toEncodedResource({ name: parseWireName(name)?.name ?? name, mesh, labels, spec: resource.spec, ...status }, descriptor),
      );
    }
    return versions;
  }

  /** Stores one batch and returns what was refused; throws where the store does. */
  apply(batch: ReceivedBatch): Promise<readonly Rejection[]> {
    if (batch.trace === undefined) return this.applyUntilStored(batch);
    const attributes = { 'mesh.kind': batch.kind, 'mesh.author': this.options.author.name };
    return tracing.inSpan('kds store', { parent: batch.trace, kind: 'consumer', attributes }, () => this.applyUntilStored(batch));
  }

  private async applyUntilStored(batch: ReceivedBatch): Promise<readonly Rejection[]> {
    for (let attempt = 1; ; attempt++) {
      // After a lost race the store is asked itself: the view need not have seen the winner yet.
      const plan = await this.plan(batch, attempt === 1 ? await this.currentView() : undefined);
      const mutations = [...plan.mutations, ...this.noteInRecord(batch, plan)];
      if (plan.pinned > 0 && attempt === 1) this.options.onPinned?.(batch.kind, plan.pinned);
      if (mutations.length === 0) return plan.rejected;
      try {
        const result = await this.write(mutations);
        this.reached = result.revision;
        this.options.onStored?.(batch.kind, result);
        return plan.rejected;
      } catch (error) {
        if (attempt >= ATTEMPTS_MAX || !isLostRace(error)) throw error;
      }
    }
  }

  /** All first answers are stored: the peer is now the one last synced with. */
  async adopt(): Promise<void> {
    const { record } = this.options;
    if (record.adopt()) this.reached = (await this.write([{ op: 'upsert', draft: record.draft() }])).revision;
  }

  private write(mutations: readonly Mutation[]): Promise<TransactResult> {
    const { store, author, fence } = this.options;
    for (const mutation of mutations) tracing.aboutToWrite(store, keyOfMutation(mutation));
    return store.transact(mutations, { author, ...(fence !== undefined ? { fence } : {}) });
  }

  private async currentView(): Promise<ResourceView> {
    const { view } = this.options;
    if (view.revision < this.reached) await view.waitFor(this.reached, AbortSignal.timeout(VIEW_WAIT_MS));
    return view;
  }

  private async plan(batch: ReceivedBatch, view: ResourceView | undefined): Promise<InboundPlan> {
    const { registry, scope, record } = this.options;
    const descriptor = registry.mustGet(batch.kind);
    const read = view ? undefined : await this.readStore(keysOfBatch({ scope, descriptor, batch }));
    return planInbound({
      scope,
      descriptor,
      batch,
      stored: (key) => (view ? view.get({ ...key, kind: batch.kind }) : read?.get(keyString({ ...key, kind: batch.kind }))),
      holds: () => record.isOther && batch.first,
    });
  }

  private async readStore(keys: readonly ResourceKey[]): Promise<Map<string, Resource>> {
    const byKey = new Map<string, Resource>();
    for (const key of keys) {
      const resource = await this.options.store.get(key);
      if (resource) byKey.set(keyString(key), resource);
    }
    return byKey;
  }

  private noteInRecord(batch: ReceivedBatch, plan: InboundPlan): Mutation[] {
    const { record, onHeld } = this.options;
    record.reach(batch.revision);
    const held = record.isOther && batch.first ? batch.removed : [];
    const changed = record.note({
      kind: batch.kind,
      first: batch.first,
      listed: batch.resources.map((r) => r.name),
      removed: batch.removed,
    });
    if (changed && held.length > 0) onHeld?.(batch.kind, held);
    const writes = changed || (plan.mutations.length > 0 && batch.revision !== undefined);
    return writes && record.isWritable ? [{ op: 'upsert', draft: record.draft() }] : [];
  }
}

function keyOfMutation(mutation: Mutation): ResourceKey {
  if ('key' in mutation) return mutation.key;
  const { kind, mesh, name } = mutation.draft;
  return { kind, mesh, name };
}

function keyOfRecord(record: PeerRecord): ResourceKey {
  const { kind, mesh, name } = record.draft();
  return { kind, mesh, name };
}

function versionOf(encode: () => { readonly version: string }): string {
  try {
    return encode().version;
  } catch {
    // Stored in a form that cannot be encoded: any other version makes the peer send it again.
    return 'unknown';
  }
}

function isLostRace(error: unknown): boolean {
  return MeshError.is(error, 'conflict') || MeshError.is(error, 'already_exists') || MeshError.is(error, 'not_found');
}
