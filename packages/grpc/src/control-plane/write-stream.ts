import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Client, type ClientDuplexStream, Metadata, type ServiceError } from '@grpc/grpc-js';
import { MeshError, tracing } from '@mesh/core';
import {
  ControlPlaneService,
  type DeleteRequestSchema,
  type DeleteResponse,
  type PutRequestSchema,
  type PutResponse,
  WriteRequestSchema,
  type WriteResponse,
} from '@mesh/proto/kuma/internal/v1/control_plane_pb.js';
import { methodDefinitionOf } from '../definition.js';
import { messageBytesMax } from '../server.js';
import { fromCarriedError, fromStatus } from '../status.js';

type Write = NonNullable<MessageInitShape<typeof WriteRequestSchema>['write']>;

interface Pending {
  resolve(response: WriteResponse): void;
  reject(error: MeshError): void;
  /** Forgets it, and whatever would give it up. */
  done(): void;
}

interface Call {
  readonly stream: ClientDuplexStream<Buffer, WriteResponse>;
  readonly pending: Map<number, Pending>;
}

const ID_COUNT = 2 ** 32;
const definition = methodDefinitionOf(ControlPlaneService.method.write);

/**
 * The writes of one client, on a stream that is opened with the first of them and again after it ended. What
 * was not answered by then fails as `unavailable`: whether it happened is not known.
 */
export class WriteStream {
  private call: Call | undefined;
  private lastId = 0;

  /** @param timeoutMs how long an answer is waited for. */
  constructor(
    private readonly client: Client,
    private readonly timeoutMs: number,
  ) {}

  /**
   * @param signal aborts when nobody waits any more.
   * @throws MeshError as the control plane refused it; `too_large`; `unavailable` without an answer.
   */
  async put(put: MessageInitShape<typeof PutRequestSchema>, signal?: AbortSignal): Promise<PutResponse> {
    const { outcome } = await this.send({ case: 'put', value: put }, signal);
    return outcome.case === 'put' ? outcome.value : refused(outcome);
  }

  /** @throws MeshError as `put`. */
  async delete(removal: MessageInitShape<typeof DeleteRequestSchema>, signal?: AbortSignal): Promise<DeleteResponse> {
    const { outcome } = await this.send({ case: 'delete', value: removal }, signal);
    return outcome.case === 'delete' ? outcome.value : refused(outcome);
  }

  /** Ends the stream; what is under way fails. */
  close(): void {
    this.call?.stream.cancel();
  }

  private send(write: Write, signal: AbortSignal | undefined): Promise<WriteResponse> {
    const id = this.nextId();
    const bytes = encode({ id, traceparent: tracing.traceparent ?? '', write });
    // The server would end the stream, and all writes on it.
    if (bytes.length > messageBytesMax) throw new MeshError('too_large', { public: `more than ${messageBytesMax} bytes` });
    if (signal?.aborted) throw givenUp();
    const { stream, pending } = (this.call ??= this.open());
    return new Promise((resolve, reject) => {
      const giveUp = (error: MeshError): void => {
        pending.get(id)?.done();
        stream.write(encode({ id, write: { case: 'giveUp', value: {} } }));
        reject(error);
      };
      const late = () => giveUp(new MeshError('unavailable', { public: `the control plane did not answer within ${this.timeoutMs} ms` }));
      const hangUp = () => giveUp(givenUp());
      const timer = setTimeout(late, this.timeoutMs);
      signal?.addEventListener('abort', hangUp, { once: true });
      const done = (): void => {
        pending.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener('abort', hangUp);
      };
      pending.set(id, { resolve, reject, done });
      stream.write(bytes);
    });
  }

  /** Numbers come round again after hours; one that is still waited for is passed over. */
  private nextId(): number {
    do this.lastId = (this.lastId + 1) % ID_COUNT;
    while (this.call?.pending.has(this.lastId));
    return this.lastId;
  }

  private open(): Call {
    const { path, responseDeserialize } = definition;
    const asIs = (bytes: Buffer): Buffer => bytes;
    const deserialize = responseDeserialize as (bytes: Buffer) => WriteResponse;
    const call: Call = { stream: this.client.makeBidiStreamRequest(path, asIs, deserialize, new Metadata()), pending: new Map() };
    const end = (error: MeshError): void => {
      if (this.call === call) this.call = undefined;
      for (const { reject, done } of [...call.pending.values()]) {
        done();
        reject(error);
      }
    };
    call.stream.on('data', (response: WriteResponse) => {
      const waiting = call.pending.get(response.id);
      if (!waiting) return; // nobody waits any more
      waiting.done();
      waiting.resolve(response);
    });
    call.stream.on('error', (error: ServiceError) => end(fromStatus(error)));
    call.stream.on('end', () => {
      end(new MeshError('unavailable', { public: 'the control plane ended the stream of writes' }));
      call.stream.end();
    });
    return call;
  }
}

function encode(init: MessageInitShape<typeof WriteRequestSchema>): Buffer {
  const bytes = toBinary(WriteRequestSchema, create(WriteRequestSchema, init));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function givenUp(): MeshError {
  return new MeshError('unavailable', { public: 'nobody waits for the write any more' });
}

function refused(outcome: WriteResponse['outcome']): never {
  if (outcome.case === 'error') throw fromCarriedError(outcome.value);
  throw new MeshError('internal', { internal: 'the control plane answered another question' });
}
