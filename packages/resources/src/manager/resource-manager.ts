import {
  type AnyDescriptor,
  type AuditEntry,
  type DeleteRequest,
  type DeleteResult,
  type DescriptorRegistry,
  jsonEqual,
  MeshError,
  type Mutation,
  type PutRequest,
  type PutResult,
  type Resource,
  type ResourceDraft,
  type ResourceKey,
  type ResourceStore,
  type ResourceView,
  requireWaiting,
  type TransactOptions,
  Violations,
  withoutHeld,
  withoutKept,
} from '@mesh/core';
import { checkMeta } from '../codec/names.js';
import { readSpec } from '../codec/parse.js';
import type { DataplaneSpec, MeshSpec } from '../specs/index.js';
import type { ControlPlaneFacts, MeshHook } from './facts.js';
import { checkOrigin, checkWritable } from './guards.js';
import { checkLabels, labelsFor } from './labels.js';
import { checkMembership, checkMeshChange } from './mesh-rules.js';
import { checkUnused } from './references.js';
import { withZone } from './zone-spec.js';

export interface ResourceManagerOptions {
  readonly store: ResourceStore;
  readonly view: ResourceView;
  readonly registry: DescriptorRegistry;
  readonly facts: ControlPlaneFacts;
  readonly meshHooks?: readonly MeshHook[];
}

/** How often a write that lost a race is tried again where the caller named no version. */
const ATTEMPTS = 5;

/**
 * The rules of every write through the API (contract/rest-api.md §2.2, §2.4, §8; contract/kds.md
 * §3, §7). What the control plane keeps for itself (insights, status, synced resources) does not
 * come through here.
 */
export class ResourceManager {
  constructor(private readonly options: ResourceManagerOptions) {}

  /**
   * Creates or replaces a resource, once all rules are met. Equal content writes nothing. What is there already is read
   * from the view, which costs nothing; as it may lag what another instance wrote, a refusal, or that there is nothing
   * to do, counts only once the store says so too, unless the caller believes the view.
   */
  async put(request: PutRequest): Promise<PutResult> {
    const { draft } = request;
    const { view, facts } = this.options;
    const descriptor = this.descriptorOf(draft.kind);
    checkWritable(descriptor, facts);
    const mesh = await this.requireMesh(descriptor, draft.mesh);
    const known = { descriptor, mesh, before: view.get(draft), spec: this.checkedSpec(descriptor, draft) };
    const done = await this.putOnce(request, known).catch((error: unknown) => {
      if (!dependsOnState(error)) throw error;
    });
    return done && (done.written || request.believesView) ? done : this.putOnStored(request, known.spec);
  }

  private async putOnStored(request: PutRequest, spec: unknown): Promise<PutResult> {
    const { draft, expectedVersion } = request;
    const { store } = this.options;
    const descriptor = this.descriptorOf(draft.kind);
    for (let attempt = 1; ; attempt++) {
      try {
        const mesh = await this.storedMesh(descriptor, draft.mesh);
        const before = await store.get(draft);
        requireWaiting(request);
        return await this.putOnce(request, { descriptor, mesh, before, spec });
      } catch (error) {
        if (!lostRace(error) || expectedVersion !== undefined || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** Deletes a resource and all it owns. */
  async delete(request: DeleteRequest): Promise<DeleteResult> {
    const { store, view, facts } = this.options;
    const { key } = request;
    const descriptor = this.descriptorOf(key.kind);
    const held = facts.readOnly ? [] : withoutHeld(view, key);
    if (held.length > 0) return this.releaseHeld(request, held);
    const kept = facts.readOnly ? [] : withoutKept(view, key);
    if (kept.length > 0) return this.letGo(request, kept);
    checkWritable(descriptor, facts);
    await this.requireMesh(descriptor, key.mesh);
    const before = await store.get(key);
    if (!before) throw new MeshError('not_found', { public: 'Not found' });
    requireWaiting(request);
    const violations = Violations.at();
    // The path has no `labels` before it, on the wire too.
    checkOrigin({ descriptor, facts, before }, violations.key('kuma.io/origin'));
    throwIfAny(violations);
    if (!facts.unsafeDelete) await checkUnused(key, store, violations);
    throwIfAny(violations);
    const expected = request.expectedVersion === undefined ? {} : { expectedVersion: request.expectedVersion };
    return this.transact([{ op: 'delete', key, ...expected }], request);
  }

  /** Carries out a removal that waited for somebody's word: the owner of the resource has done so already. */
  private releaseHeld(request: DeleteRequest, records: readonly ResourceDraft[]): Promise<DeleteResult> {
    return this.transact([{ op: 'delete', key: request.key }, ...upserts(records)], request);
  }

  /** What its owner has takes the place of a resource that was kept: the sync brings it. */
  private letGo(request: DeleteRequest, records: readonly ResourceDraft[]): Promise<DeleteResult> {
    return this.transact(upserts(records), request);
  }

  private async transact(mutations: readonly Mutation[], request: DeleteRequest): Promise<DeleteResult> {
    const { revision, changes } = await this.options.store.transact(mutations, optionsOf(request, 200));
    return { revision, recorded: changes.length > 0 && request.audit !== undefined };
  }

  private async putOnce(request: PutRequest, known: Known): Promise<PutResult & { written: boolean }> {
    const { draft, expectedVersion } = request;
    const { store, view } = this.options;
    const { descriptor, before } = known;
    const whole = this.complete(draft, known);
    const warnings = descriptor.deprecations?.(whole.spec, metaOf(whole)) ?? [];
    const extra = await this.hooked(whole, before);
    if (before && extra.length === 0 && sameContent(before, whole) && versionFits(before, expectedVersion)) {
      return { created: false, resource: before, revision: view.revision, warnings, written: false };
    }
    const mutation = mutationOf(whole, { before, expectedVersion });
    const { revision, changes } = await store.transact([mutation, ...extra], optionsOf(request, before ? 200 : 201));
    const written = changes.find(({ key }) => key.kind === whole.kind && key.mesh === whole.mesh && key.name === whole.name)?.resource;
    if (!written) throw new MeshError('internal', { internal: `the store did not return what it wrote of ${whole.kind} ${whole.name}` });
    return { created: !before, resource: written, revision, warnings, written: true, recorded: request.audit !== undefined };
  }

  private descriptorOf(kind: string): AnyDescriptor {
    const found = this.options.registry.get(kind);
    if (!found) throw new MeshError('bad_request', { public: `invalid resource type "${kind.slice(0, 100)}"` });
    return found;
  }

  private async requireMesh(descriptor: AnyDescriptor, name: string): Promise<Resource<MeshSpec> | undefined> {
    const known = descriptor.scope === 'Mesh' ? this.options.view.find<MeshSpec>('Mesh', '', name) : undefined;
    return known ?? this.storedMesh(descriptor, name);
  }

  private async storedMesh(descriptor: AnyDescriptor, name: string): Promise<Resource<MeshSpec> | undefined> {
    if (descriptor.scope !== 'Mesh') return undefined;
    const found = await this.options.store.get({ kind: 'Mesh', mesh: '', name });
    if (!found) throw new MeshError('mesh_not_found', { public: `mesh "${name}" does not exist` });
    return found as Resource<MeshSpec>;
  }

  /** The canonical spec; the caller may be another process, so shape and rules are checked again here. */
  private checkedSpec(descriptor: AnyDescriptor, draft: ResourceDraft): unknown {
    const violations = Violations.at();
    checkMeta(descriptor, metaOf(draft), violations);
    const { facts } = this.options;
    if (facts.federated && `${facts.zone}.${draft.name}`.length >= 253)
      violations.field('name').add('is too long together with the name of the zone');
    const spec = readSpec(descriptor, draft.spec ?? {}, violations);
    if (spec !== undefined)
      descriptor.validate?.(spec, descriptor.shape === 'plugin' ? violations.field('spec') : violations, metaOf(draft));
    throwIfAny(violations);
    return descriptor.defaults?.(spec) ?? spec;
  }

  /** The draft as it will be stored: labels, zone, owner; throws `invalid` where a rule of this control plane is broken. */
  private complete(draft: ResourceDraft, known: Known): ResourceDraft {
    const { facts } = this.options;
    const { descriptor, mesh, before } = known;
    const spec = withZone(draft.kind, known.spec, { facts, mesh, isNew: !before });
    const plain: ResourceDraft = { ...draft, mesh: descriptor.scope === 'Mesh' ? draft.mesh : '', labels: draft.labels ?? {}, spec };
    const violations = Violations.at();
    // An inbound without tags gets that of the zone, and an inbound with tags must name its service.
    if (draft.kind === 'Dataplane' && spec !== known.spec) descriptor.validate?.(spec, violations, metaOf(draft));
    const labelsAt = violations.field('labels');
    checkOrigin({ descriptor, facts, labels: plain.labels ?? {}, before }, labelsAt.key('kuma.io/origin'));
    if (violations.ok) checkLabels(plain, { descriptor, facts, before }, labelsAt);
    if (draft.kind === 'Mesh') checkMeshChange(meshChangeOf(plain, before), violations);
    if (draft.kind === 'Dataplane' && mesh) checkMembership({ name: mesh.meta.name, spec: mesh.spec }, spec as DataplaneSpec, violations);
    throwIfAny(violations);
    const owner = before?.meta.owner ?? (mesh ? { kind: 'Mesh', mesh: '', name: mesh.meta.name } : undefined);
    const { status: _, owner: __, ...rest } = plain;
    return {
      ...rest,
      labels: labelsFor(plain, { descriptor, facts, before }),
      ...(before?.status ? { status: before.status } : {}),
      ...(owner ? { owner } : {}),
    };
  }

  private async hooked(draft: ResourceDraft, before: Resource | undefined): Promise<Mutation[]> {
    if (draft.kind !== 'Mesh') return [];
    const mutations: Mutation[] = [];
    for (const hook of this.options.meshHooks ?? []) mutations.push(...(await hook(meshChangeOf(draft, before))));
    return mutations;
  }
}

/** @param status what the API answers where the write is made. */
function optionsOf({ author, audit }: Pick<PutRequest, 'author' | 'audit'>, status: number): TransactOptions {
  if (!audit) return { author };
  const entry: AuditEntry = { ...audit, status, outcome: 'done' };
  return { author, audit: entry };
}

const upserts = (drafts: readonly ResourceDraft[]): Mutation[] => drafts.map((draft) => ({ op: 'upsert', draft }));

interface Known {
  readonly descriptor: AnyDescriptor;
  readonly mesh: Resource<MeshSpec> | undefined;
  readonly before: Resource | undefined;
  readonly spec: unknown;
}

function metaOf({ name, mesh, labels }: ResourceDraft): { name: string; mesh: string; labels: Readonly<Record<string, string>> } {
  return { name, mesh, labels: labels ?? {} };
}

function meshChangeOf(draft: ResourceDraft, before: Resource | undefined) {
  return { name: draft.name, spec: draft.spec as MeshSpec, ...(before ? { before: before as Resource<MeshSpec> } : {}) };
}

function mutationOf(
  draft: ResourceDraft,
  { before, expectedVersion }: { before: Resource | undefined; expectedVersion: number | undefined },
): Mutation {
  if (before) return { op: 'update', draft, expectedVersion: expectedVersion ?? before.meta.version };
  if (expectedVersion !== undefined && expectedVersion > 0) {
    throw new MeshError('conflict', { public: `${describe(draft)} does not exist, version ${expectedVersion} was expected` });
  }
  return { op: 'create', draft };
}

function describe({ kind, name }: ResourceKey): string {
  return `${kind} "${name}"`;
}

function versionFits(before: Resource, expectedVersion: number | undefined): boolean {
  return expectedVersion === undefined || expectedVersion === before.meta.version;
}

function sameContent(before: Resource, draft: ResourceDraft): boolean {
  return (
    jsonEqual(before.meta.labels, draft.labels ?? {}) &&
    jsonEqual(before.spec, draft.spec ?? {}) &&
    jsonEqual(before.meta.owner, draft.owner)
  );
}

function lostRace(error: unknown): boolean {
  return MeshError.is(error, 'conflict') || MeshError.is(error, 'already_exists') || MeshError.is(error, 'not_found');
}

/** Whether another state might not have led to an error. */
function dependsOnState(error: unknown): boolean {
  return lostRace(error) || MeshError.is(error, 'invalid') || MeshError.is(error, 'mesh_not_found');
}

function throwIfAny(violations: Violations): void {
  if (!violations.ok) throw new MeshError('invalid', { violations: violations.list });
}
