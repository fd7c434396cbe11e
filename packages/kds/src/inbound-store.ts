import {
  type Author,
  type DescriptorRegistry,
  keyString,
  MeshError,
  type Mutation,
  type Resource,
  type ResourceDraft,
  type ResourceKey,
  type ResourceStore,
  type ResourceView,
  type TransactResult,
  tracing,
} from '@mesh/core';
import { type InboundPlan, type InboundScope, keyOfWireName, keysOfBatch, planInbound } from './inbound.js';
import type { PeerRecord } from './peer-record.js';
import { type ReceivedBatch, type Rejection, rejectionText } from './receiver.js';
import { StoredVersions } from './stored-versions.js';

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
  /** Whether a resource is one that a new control plane makes by itself: it does not replace what another one had made. */
  readonly isDefault?: (draft: ResourceDraft) => boolean;
  /** Fencing number, where only the leader receives. */
  readonly fence?: number;
  /** Values that named another zone were put right (`kds_zone_attribution_rewrites_total`). */
  readonly onPinned?: (kind: string, count: number) => void;
  /** A removal was not carried out: the peer is not the one last synced with. */
  readonly onHeld?: (kind: string, wireNames: readonly string[]) => void;
  readonly onStored?: (kind: string, result: TransactResult) => void;
  /** Content that differed from the peer's without a word of it was put right. */
  readonly onRepaired?: (kind: string, count: number) => void;
}

/** Stores what a stream receives: one transaction per response, retried where a lock was lost. */
export class InboundStore {
  private readonly versions: StoredVersions;
  /** Revision below which nothing may be read: what was there when the stream began, then its own writes. */
  private reached = 0;

  constructor(private readonly options: InboundStoreOptions) {
    this.versions = new StoredVersions(options);
  }

  /** Reads the record of the peer, from a view no older than this call; call before the stream starts. */
  async loadRecord(): Promise<void> {
    const { record, store, author } = this.options;
    this.reached = (await store.transact([], { author })).revision;
    record.load(storedRecord(await this.currentView(), record));
  }

  /** Versions by wire name of all that is stored in the peer's scope, less what is held. */
  async initialVersions(kind: string): Promise<Record<string, string>> {
    return Object.fromEntries(this.versions.of(kind, (await this.currentView()).list(kind)));
  }

  /** SetDigest of what is stored of a kind in the peer's scope; undefined while the view lags behind what was stored. */
  digest(kind: string): string | undefined {
    const { view } = this.options;
    if (view.revision >= this.reached) this.takeReleased(kind);
    return view.revision >= this.reached ? this.versions.digest(kind, view.list(kind)) : undefined;
  }

  /** What an operator no longer wants to be kept is a difference from now on. */
  private takeReleased(kind: string): void {
    const { record, view } = this.options;
    const before = record.keptOf(kind);
    record.refreshHeld(storedRecord(view, record));
    for (const name of before) if (!record.isKept(kind, name)) this.versions.forget(kind, name);
  }

  /** Stores one batch and returns what was refused; throws where the store does. */
  apply(batch: ReceivedBatch): Promise<readonly Rejection[]> {
    if (batch.trace === undefined) return this.applyUntilStored(batch);
    const attributes = { 'mesh.kind': batch.kind, 'mesh.author': this.options.author.name };
    return tracing.inSpan('kds store', { parent: batch.trace, kind: 'consumer', attributes }, () => this.applyUntilStored(batch));
  }

  private async applyUntilStored(batch: ReceivedBatch): Promise<readonly Rejection[]> {
    const { record } = this.options;
    record.refreshHeld(storedRecord(await this.currentView(), record));
    let noted: Mutation[] = [];
    for (let attempt = 1; ; attempt++) {
      // After a lost race the store is asked itself: the view need not have seen the winner yet.
      const { plan, stored } = await this.plan(batch, attempt === 1 ? await this.currentView() : undefined);
      // Once noted, a change of the record is no change to a second attempt.
      if (noted.length === 0) noted = this.noteInRecord(batch, plan);
      const mutations = [...plan.mutations, ...noted];
      if (plan.pinned > 0 && attempt === 1) this.options.onPinned?.(batch.kind, plan.pinned);
      try {
        if (mutations.length > 0) await this.storeOf(batch.kind, mutations);
        return this.settle(batch, { plan, stored });
      } catch (error) {
        if (isUnacceptable(error)) return this.settle(batch, { plan: await this.storeApart(batch, { plan, noted }), stored });
        if (attempt >= ATTEMPTS_MAX || !isLostRace(error)) throw error;
      }
    }
  }

  /** The store takes the batch not as a whole: each resource alone, so that one cannot keep out the others. */
  private async storeApart(batch: ReceivedBatch, { plan, noted }: { plan: InboundPlan; noted: Mutation[] }): Promise<InboundPlan> {
    const rejected = [...plan.rejected];
    const mutations: Mutation[] = [];
    for (const mutation of plan.mutations) {
      try {
        await this.storeOf(batch.kind, [mutation]);
        mutations.push(mutation);
      } catch (error) {
        if (!isUnacceptable(error)) throw error;
        rejected.push({ name: this.nameIn(batch, keyOfMutation(mutation)), message: rejectionText(error) });
      }
    }
    if (noted.length > 0) await this.write(noted);
    return { ...plan, mutations, rejected };
  }

  /** What the peer calls a resource of a batch. */
  private nameIn(batch: ReceivedBatch, key: ResourceKey): string {
    const text = keyString(key);
    const names = [...batch.resources.map(({ name }) => name), ...batch.removed];
    return names.find((name) => keyString(this.keyOf(batch.kind, name) ?? NO_KEY) === text) ?? key.name;
  }

  /** Notes what is not in the store as the peer sent it, and what a repair changed. */
  private settle(batch: ReceivedBatch, { plan, stored }: { plan: InboundPlan; stored: StoredOf }): readonly Rejection[] {
    const { kind, repair = false } = batch;
    const refused = new Set(plan.rejected.map(({ name }) => name));
    const written = new Set(plan.mutations.map((mutation) => keyString(keyOfMutation(mutation))));
    for (const { name, version } of batch.resources) {
      const key = this.keyOf(kind, name);
      const isUnchanged = repair && key !== undefined && !written.has(keyString(key));
      if (refused.has(name) || isUnchanged) this.versions.explain(kind, name, { offered: version, stored: key && stored(key) });
      else this.versions.forget(kind, name);
    }
    for (const name of batch.removed) this.versions.forget(kind, name);
    if (repair && plan.mutations.length > 0) this.options.onRepaired?.(kind, plan.mutations.length);
    return plan.rejected;
  }

  /** All first answers are stored: the peer is now the one last synced with. */
  async adopt(): Promise<void> {
    const { record } = this.options;
    if (record.adopt()) await this.write([{ op: 'upsert', draft: record.draft() }]);
  }

  private async storeOf(kind: string, mutations: readonly Mutation[]): Promise<void> {
    const result = await this.write(mutations);
    this.options.onStored?.(kind, result);
  }

  private async write(mutations: readonly Mutation[]): Promise<TransactResult> {
    const { store, author, fence } = this.options;
    for (const mutation of mutations) tracing.aboutToWrite(store, keyOfMutation(mutation));
    const result = await store.transact(mutations, { author, ...(fence !== undefined ? { fence } : {}) });
    this.reached = Math.max(this.reached, result.revision);
    return result;
  }

  private keyOf(kind: string, name: string): ResourceKey | undefined {
    const { registry, scope } = this.options;
    return keyOfWireName({ scope, descriptor: registry.mustGet(kind) }, name);
  }

  private async currentView(): Promise<ResourceView> {
    const { view } = this.options;
    if (view.revision < this.reached) await view.waitFor(this.reached, AbortSignal.timeout(VIEW_WAIT_MS));
    return view;
  }

  private async plan(batch: ReceivedBatch, view: ResourceView | undefined): Promise<{ plan: InboundPlan; stored: StoredOf }> {
    const { registry, scope, record } = this.options;
    const descriptor = registry.mustGet(batch.kind);
    const read = view ? undefined : await this.readStore(keysOfBatch({ scope, descriptor, batch }));
    const stored: StoredOf = (key) => (view ? view.get(key) : read?.get(keyString(key)));
    const holds = (): boolean => record.isOther && batch.first;
    const protects = (name: string, draft: ResourceDraft): boolean =>
      (this.options.isDefault?.(draft) ?? false) && record.protects(batch.kind, name);
    return { plan: planInbound({ scope, descriptor, batch, stored, holds, protects }), stored };
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
      kept: plan.kept,
    });
    if (changed && held.length > 0) onHeld?.(batch.kind, held);
    const writes = changed || (plan.mutations.length > 0 && batch.revision !== undefined);
    return writes && record.isWritable ? [{ op: 'upsert', draft: record.draft() }] : [];
  }
}

const NO_KEY: ResourceKey = { kind: '', mesh: '', name: '' };

/** What the store holds of a key. */
type StoredOf = (key: ResourceKey) => Resource | undefined;

function keyOfMutation(mutation: Mutation): ResourceKey {
  if ('key' in mutation) return mutation.key;
  const { kind, mesh, name } = mutation.draft;
  return { kind, mesh, name };
}

function storedRecord(view: ResourceView, record: PeerRecord): string | undefined {
  const { kind, mesh, name } = record.draft();
  return view.find<{ config?: string }>(kind, mesh, name)?.spec.config;
}

/** What the store refuses for what it is; trying again does not help. */
function isUnacceptable(error: unknown): boolean {
  return MeshError.is(error, 'bad_request') || MeshError.is(error, 'too_large');
}

function isLostRace(error: unknown): boolean {
  return MeshError.is(error, 'conflict') || MeshError.is(error, 'already_exists') || MeshError.is(error, 'not_found');
}
