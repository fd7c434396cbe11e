import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Change, type Json, MeshError, type Resource, type ResourceKey, type ViewEvent } from '@mesh/core';
import {
  type ChangeBatch,
  type Change as ChangeMessage,
  type FollowEvent,
  FollowEventSchema,
} from '@mesh/proto/kuma/internal/v1/control_plane_pb.js';

/** Bytes of the JSON of a value. */
export function toJsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** The value of JSON that a service of this deployment wrote; throws on anything that is no JSON. */
export function fromJsonBytes<T>(bytes: Uint8Array): T {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as Json as T;
}

/** As `fromJsonBytes`, of what a client sent. @throws MeshError `bad_request` for anything that is no JSON. */
export function readJson<T>(bytes: Uint8Array): T {
  try {
    return fromJsonBytes<T>(bytes);
  } catch (cause) {
    throw new MeshError('bad_request', { public: 'not JSON', cause });
  }
}

/** A chunk of a snapshot. */
export function snapshotChunk(resources: readonly Resource[], revision: number, last: boolean): FollowEvent {
  return followEvent({ case: 'snapshot', value: { resources: resources.map(toJsonBytes), revision: BigInt(revision), last } });
}

/** What a view tells, restricted to kinds. */
export function changeBatch(event: ViewEvent, includes: (kind: string) => boolean): FollowEvent {
  const revision = BigInt(event.revision);
  const changes = event.changes
    .filter(({ key }) => includes(key.kind))
    .map(({ key, after }) => ({ revision, key: { ...key }, resource: after ? toJsonBytes(after) : new Uint8Array() }));
  return followEvent({ case: 'changes', value: { changes, revision } });
}

/** The changes of a batch, in the form a ResourceView applies. */
export function readBatch(batch: ChangeBatch): readonly Change[] {
  const changes = batch.changes.map(readChange);
  // The view learns the revision from a change; one that concerns nothing moves it and nothing else.
  if (changes.length === 0) changes.push({ ...nobody, revision: Number(batch.revision), op: 'delete', key: noKey });
  return changes;
}

const noKey: ResourceKey = { kind: '', mesh: '', name: '' };
const nobody = { author: '', time: '' };

function readChange(message: ChangeMessage): Change {
  const { kind = '', mesh = '', name = '' } = message.key ?? {};
  const base = { revision: Number(message.revision), key: { kind, mesh, name }, author: message.author, time: message.time };
  if (message.resource.length === 0) return { ...base, op: 'delete' };
  return { ...base, op: 'put', resource: fromJsonBytes<Resource>(message.resource) };
}

function followEvent(event: NonNullable<MessageInitShape<typeof FollowEventSchema>['event']>): FollowEvent {
  return create(FollowEventSchema, { event });
}
