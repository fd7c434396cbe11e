import {
  type AnyDescriptor,
  findUnstorableText,
  jsonEqual,
  LABEL_DISPLAY_NAME,
  LABEL_MESH,
  LABEL_ORIGIN,
  LABEL_ZONE,
  type Mutation,
  ORIGIN_GLOBAL,
  ORIGIN_ZONE,
  type Resource,
  type ResourceDraft,
  type ResourceKey,
  Violations,
} from '@mesh/core';
import { decodeResource, type WireResource } from './codec.js';
import { isZoneOwnable } from './kinds.js';
import { parseWireName } from './names.js';
import { type ReceivedBatch, type Rejection, rejectionText } from './receiver.js';
import { pinToZone } from './zone-pins.js';

/** Whose objects a stream may touch, and in which form they are stored. */
export type InboundScope =
  /** At a zone: what the global made. Objects of the zone are invisible to the stream. */
  | { readonly at: 'zone' }
  /** At the global: objects of the zone the stream belongs to, by its credential. `hashed`: the zone sends hashed names. */
  | { readonly at: 'global'; readonly zone: string; readonly hashed: boolean };

export interface InboundPlan {
  readonly mutations: readonly Mutation[];
  readonly rejected: readonly Rejection[];
  /** Wire names of those that were rejected because what is stored is not to be replaced by a default. */
  readonly kept: readonly string[];
  /** Values that named another zone and were put right. */
  readonly pinned: number;
}

export interface PlanInput {
  readonly scope: InboundScope;
  readonly descriptor: AnyDescriptor;
  readonly batch: ReceivedBatch;
  /** What the store holds of the keys in the batch. */
  readonly stored: (key: ResourceKey) => Resource | undefined;
  /** Removals that must wait for an operator: see PeerRecord. */
  readonly holds?: (wireName: string) => boolean;
  /** Whether a resource must not replace another one of its name: see PeerRecord. */
  readonly protects?: (wireName: string, draft: ResourceDraft) => boolean;
}

/**
 * Turns a received batch into mutations (contract/kds.md §2 "Sync algorithm", §3 "Receiver").
 * Only what is named in the batch is touched: absence deletes nothing. A resource that is refused
 * leaves its stored form as it is and does not stop the others.
 */
export function planInbound(input: PlanInput): InboundPlan {
  const mutations: Mutation[] = [];
  const rejected: Rejection[] = [];
  const kept: string[] = [];
  let pinned = 0;
  const listed = new Set<string>();
  for (const item of input.batch.resources) {
    listed.add(item.name);
    try {
      const draft = draftOf(input, decodeResource(item.body, input.descriptor));
      pinned += draft.pinned;
      const mutation = upsertOf(input, draft.draft);
      if (mutation && replacesSpec(input, draft.draft) && input.protects?.(item.name, draft.draft)) {
        kept.push(item.name);
        rejected.push({ name: item.name, message: whyKept(draft.draft.kind, item.name) });
      } else if (mutation) mutations.push(mutation);
    } catch (error) {
      rejected.push({ name: item.name, message: rejectionText(error) });
    }
  }
  for (const name of input.batch.removed) {
    // A key both removed and listed is an update.
    if (listed.has(name) || input.holds?.(name)) continue;
    const key = keyOfWireName(input, name);
    const stored = key && input.stored(key);
    if (key && stored && inScope(stored, input.scope)) mutations.push({ op: 'delete', key });
  }
  return { mutations, rejected, kept, pinned };
}

/** Keys whose stored form a plan will ask for. */
export function keysOfBatch(input: Pick<PlanInput, 'scope' | 'descriptor' | 'batch'>): ResourceKey[] {
  const names = [...input.batch.resources.map((r) => r.name), ...input.batch.removed];
  return names.flatMap((name) => keyOfWireName(input, name) ?? []);
}

/** Whether a stored resource belongs to the peer of a stream. */
export function inScope(resource: Resource, scope: InboundScope): boolean {
  const { labels, name } = resource.meta;
  if (scope.at === 'zone') return labels[LABEL_ORIGIN] === ORIGIN_GLOBAL;
  return labels[LABEL_ZONE] === scope.zone || (labels[LABEL_ZONE] === undefined && name.startsWith(`${scope.zone}.`));
}

/** The wire name of a stored copy: what its sender calls it. */
export function senderName(resource: Resource, scope: InboundScope): string {
  const prefix = scope.at === 'global' && !scope.hashed ? `${scope.zone}.` : '';
  const { name, mesh } = resource.meta;
  return `${name.startsWith(prefix) ? name.slice(prefix.length) : name}.${mesh}`;
}

/** Where the resource of a wire name is, or would be, stored; undefined for what is no name of the kind. */
export function keyOfWireName(input: Pick<PlanInput, 'scope' | 'descriptor'>, name: string): ResourceKey | undefined {
  const parts = parseWireName(name);
  if (!parts || (parts.mesh === '') !== (input.descriptor.scope === 'Global')) return undefined;
  return { kind: input.descriptor.kind, mesh: parts.mesh, name: storedName(parts.name, input.scope) };
}

function storedName(name: string, scope: InboundScope): string {
  return scope.at === 'global' && !scope.hashed ? `${scope.zone}.${name}` : name;
}

function draftOf(input: PlanInput, received: WireResource): { draft: ResourceDraft; pinned: number } {
  const { descriptor, scope } = input;
  const { kind } = descriptor;
  if ((received.mesh === '') !== (descriptor.scope === 'Global')) throw new Error(`mesh: ${kind} has scope ${descriptor.scope}`);
  const pins = scope.at === 'global' ? pinToZone(kind, received.spec, scope.zone) : { spec: received.spec, pinned: 0 };
  const draft = {
    kind,
    mesh: received.mesh,
    name: storedName(received.name, scope),
    labels: scope.at === 'global' ? zoneLabels(received, scope.zone) : received.labels,
    spec: checkSpec(descriptor, pins.spec, received),
    ...(scope.at === 'global' ? { owner: { kind: 'Zone', mesh: '', name: scope.zone } } : {}),
  };
  const status = scope.at === 'global' ? received.status : undefined;
  const full = status ? { ...draft, status } : draft;
  const unstorable = findUnstorableText(full);
  if (unstorable !== undefined) throw new Error(`${unstorable}: must not contain NUL or unpaired surrogates`);
  return { draft: full, pinned: pins.pinned };
}

function zoneLabels(received: WireResource, zone: string): Record<string, string> {
  return { ...received.labels, [LABEL_ORIGIN]: ORIGIN_ZONE, [LABEL_ZONE]: zone };
}

/** Parses the spec with the schema of the kind and checks its rules; insights have none beyond their shape. */
function checkSpec(descriptor: AnyDescriptor, spec: unknown, received: WireResource): unknown {
  const violations = Violations.at(descriptor.shape === 'plugin' ? 'spec' : '');
  const parsed = descriptor.schema.safeParse(spec);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const path = issue.path.map((p) => (typeof p === 'number' ? `[${p}]` : `.${String(p)}`)).join('');
      violations.addAll([{ field: `${violations.path}${path}`.replace(/^\./, ''), message: issue.message }]);
    }
  } else if (!descriptor.isInsight) {
    const { name, mesh, labels } = received;
    descriptor.validate?.(parsed.data, violations, {
      name: labels[LABEL_DISPLAY_NAME] || name,
      mesh: mesh || labels[LABEL_MESH] || '',
      labels,
    });
  }
  if (!violations.ok) throw new Error(violations.list.map((v) => `${v.field}: ${v.message}`).join('; '));
  return parsed.data;
}

function upsertOf(input: PlanInput, draft: ResourceDraft): Mutation | undefined {
  const stored = input.stored(draft);
  if (!stored) return { op: 'upsert', draft };
  if (isConflict(input, stored)) {
    throw new Error(
      `user error\nresource ${draft.kind} "${draft.name}" in mesh "${draft.mesh}" already exists and belongs to someone else`,
    );
  }
  // The owner of a copy never changes, and a zone keeps the status it computed itself.
  const full: ResourceDraft = {
    ...draft,
    ...(stored.meta.owner ? { owner: stored.meta.owner } : {}),
    ...(input.scope.at === 'zone' && stored.status !== undefined ? { status: stored.status } : {}),
  };
  if (jsonEqual(stored.spec, full.spec) && jsonEqual(stored.meta.labels, full.labels ?? {}) && jsonEqual(stored.status, full.status))
    return undefined;
  // The status of a zone's copy has another writer; the lock keeps us from writing an old one back.
  if (input.scope.at === 'zone' && input.descriptor.hasStatus) return { op: 'update', draft: full, expectedVersion: stored.meta.version };
  return { op: 'upsert', draft: full };
}

function whyKept(kind: string, name: string): string {
  return (
    'kept as it was: the global came back with another store, and has only a default of its own. Restore or apply it at the global; ' +
    `"kumactl release held-removals --peer global --kind ${kind} --name ${name}" at the zone takes the default`
  );
}

function replacesSpec(input: PlanInput, draft: ResourceDraft): boolean {
  const stored = input.stored(draft);
  return stored !== undefined && !jsonEqual(stored.spec, draft.spec);
}

/** A key that is taken: by another zone or the global there, by an object of the zone's own here. */
function isConflict(input: PlanInput, stored: Resource): boolean {
  if (inScope(stored, input.scope)) return false;
  return input.scope.at === 'global' || isZoneOwnable(input.descriptor);
}
