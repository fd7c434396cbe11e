import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import { MeshError, messageOf } from '@mesh/core';
import { rawMethod, toStatus } from '@mesh/grpc';
import {
  HealthCheckRequestOrEndpointHealthResponseSchema,
  type HealthCheckSpecifier,
  HealthCheckSpecifierSchema,
} from '@mesh/proto/envoy/service/health/v3/hds_pb.js';
import type { HdsHandler, HdsPeer } from './hds-handler.js';

type Call = ServerDuplexStream<Buffer, Buffer>;

/** Path of the method. */
export const HDS_METHOD = '/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck';

/** Serves the Health Discovery Service (contract/dataplane.md §1.1, §2.5); returns how to end its streams. */
export function addHdsService(server: Server, handler: HdsHandler, onError: (error: unknown) => void): () => void {
  const streams = new Set<HdsStream>();
  const serve = (call: Call): void => {
    const stream = new HdsStream(call, handler, { onError, onEnd: () => streams.delete(stream) });
    streams.add(stream);
  };
  // Messages are decoded by the stream, so that garbage ends it with a reason.
  server.addService({ streamHealthCheck: rawMethod(HDS_METHOD) }, { streamHealthCheck: serve });
  return () => {
    for (const stream of [...streams]) stream.stop();
  };
}

/** One health stream: asks the handler once who this is; nothing that arrives goes beyond the stream. */
class HdsStream {
  private readonly gone = new AbortController();
  private opened = false;
  private peer: HdsPeer | undefined;

  constructor(
    private readonly call: Call,
    private readonly handler: HdsHandler,
    private readonly events: { readonly onError: (error: unknown) => void; readonly onEnd: () => void },
  ) {
    call.on('data', (bytes: Buffer) => {
      this.receive(bytes).catch((error: unknown) => this.fail(error));
    });
    call.on('end', () => this.end(() => call.end()));
    call.on('cancelled', () => this.end(() => {}));
    call.on('close', () => this.end(() => {}));
  }

  /** Ends the stream: the server goes away. */
  stop(): void {
    this.fail(new MeshError('unavailable', { public: 'the control plane is stopping' }));
  }

  private async receive(bytes: Buffer): Promise<void> {
    const { requestType } = decode(bytes);
    if (requestType.case === 'endpointHealthResponse') {
      this.peer?.onReport(requestType.value);
      return;
    }
    if (requestType.case !== 'healthCheckRequest' || this.opened) return;
    this.opened = true;
    const { node } = requestType.value;
    if (!node) throw new MeshError('bad_request', { public: 'the first request of a stream must carry a node' });
    this.peer = await this.handler.connect({
      nodeId: node.id,
      nodeMetadata: node.metadata ?? {},
      authorization: this.call.metadata.get('authorization').map(String),
      send: (specifier) => this.send(specifier),
      fail: (error) => this.fail(error),
      signal: this.gone.signal,
    });
  }

  private send(specifier: HealthCheckSpecifier): void {
    if (!this.gone.signal.aborted) this.call.write(Buffer.from(toBinary(HealthCheckSpecifierSchema, specifier)));
  }

  private fail(error: unknown): void {
    if (!MeshError.is(error)) this.events.onError(error);
    this.end(() => this.call.emit('error', toStatus(error)));
  }

  private end(finish: () => void): void {
    if (this.gone.signal.aborted) return;
    this.gone.abort();
    this.events.onEnd();
    finish();
  }
}

function decode(bytes: Buffer) {
  try {
    return fromBinary(HealthCheckRequestOrEndpointHealthResponseSchema, bytes);
  } catch (cause) {
    throw new MeshError('bad_request', { public: `not a health check request: ${messageOf(cause)}`, cause });
  }
}
