import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { type AuditRequest, type Author, type ControlPlane, MeshError, type ResourceKey, tracing } from '@mesh/core';
import * as wire from '@mesh/proto/kuma/internal/v1/control_plane_pb.js';
import { toCarriedError } from '../status.js';
import { readJson, toJsonBytes } from './codec.js';

/** The stream of writes of one client. */
export type WriteCall = ServerDuplexStream<wire.WriteRequest, wire.WriteResponse>;

type Outcome = NonNullable<MessageInitShape<typeof wire.WriteResponseSchema>['outcome']>;

/**
 * Carries out what arrives on a stream of writes, all of it at once, and answers each when it is done. What its client
 * gave up on, or had not heard of when it went, is told so. @param note is told of what was thrown.
 */
export function takeWrites(call: WriteCall, controlPlane: ControlPlane, note: (error: unknown) => void): void {
  const underWay = new Map<number, AbortController>();
  const giveUpAll = (): void => {
    for (const caller of underWay.values()) caller.abort();
  };
  call.on('data', ({ id, traceparent, write }: wire.WriteRequest) => {
    if (write.case === 'giveUp') return underWay.get(id)?.abort();
    const caller = new AbortController();
    underWay.set(id, caller);
    const answer = (outcome: Outcome): void => {
      underWay.delete(id);
      if (!call.cancelled && call.writable) call.write(create(wire.WriteResponseSchema, { id, outcome }));
    };
    tracing
      .run(traceparent, () => carryOut(controlPlane, write, caller.signal))
      .then(answer, (error: unknown) => {
        note(error);
        answer({ case: 'error', value: toCarriedError(error) });
      });
  });
  call.on('cancelled', giveUpAll);
  call.on('close', giveUpAll);
  call.on('end', () => call.end());
}

async function carryOut(controlPlane: ControlPlane, write: wire.WriteRequest['write'], signal: AbortSignal): Promise<Outcome> {
  if (write.case === 'put') return { case: 'put', value: await put(controlPlane, write.value, signal) };
  if (write.case === 'delete') return { case: 'delete', value: await remove(controlPlane, write.value, signal) };
  throw new MeshError('bad_request', { public: 'the request says neither what to put nor what to delete' });
}

async function put(controlPlane: ControlPlane, request: wire.PutRequest, signal: AbortSignal): Promise<wire.PutResponse> {
  const { created, resource, revision, warnings, recorded } = await controlPlane.put({
    draft: readJson(request.draft),
    author: readAuthor(request.author),
    signal,
    ...readAudit(request.audit),
    ...readExpected(request.expectedVersion),
  });
  return create(wire.PutResponseSchema, {
    created,
    resource: toJsonBytes(resource),
    revision: BigInt(revision),
    warnings: [...warnings],
    recorded: recorded ?? false,
  });
}

async function remove(controlPlane: ControlPlane, request: wire.DeleteRequest, signal: AbortSignal): Promise<wire.DeleteResponse> {
  const { revision, recorded } = await controlPlane.delete({
    key: readKey(request.key),
    author: readAuthor(request.author),
    signal,
    ...readAudit(request.audit),
    ...readExpected(request.expectedVersion),
  });
  return create(wire.DeleteResponseSchema, { revision: BigInt(revision), recorded: recorded ?? false });
}

function readKey(key: wire.ResourceKey | undefined): ResourceKey {
  if (!key) throw new MeshError('bad_request', { public: 'the request has no key' });
  return { kind: key.kind, mesh: key.mesh, name: key.name };
}

function readAuthor(author: wire.Author | undefined): Author {
  if (!author || author.name === '') throw new MeshError('bad_request', { public: 'the request has no author' });
  return { name: author.name, groups: author.groups };
}

function readAudit(bytes: Uint8Array): { readonly audit?: AuditRequest } {
  return bytes.length === 0 ? {} : { audit: readJson(bytes) };
}

function readExpected(version: bigint | undefined): { readonly expectedVersion?: number } {
  return version === undefined ? {} : { expectedVersion: Number(version) };
}
