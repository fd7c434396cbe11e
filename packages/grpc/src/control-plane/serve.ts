import { create } from '@bufbuild/protobuf';
import type { Server, ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import { type Announcement, type ControlPlane, MeshError, tracing } from '@mesh/core';
import * as wire from '@mesh/proto/kuma/internal/v1/control_plane_pb.js';
import { DeliveryService } from '@mesh/proto/kuma/internal/v1/delivery_pb.js';
import { serviceDefinitionOf } from '../definition.js';
import { type ReportCall, ReportedDeliveries } from '../delivery/desk.js';
import { toStatusWithTrailer } from '../status.js';
import { readJson as read, toJsonBytes } from './codec.js';
import { Follower } from './follower.js';
import { takeWrites, type WriteCall } from './take-writes.js';
import { TRACE_KEY } from './trace-key.js';

export interface ServeControlPlaneOptions {
  /** Receives what was thrown and is no MeshError; the caller gets INTERNAL. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Serves the internal interface (proto/kuma/internal/v1) of the control plane that owns the state.
 * Bind it with `internalCredentials` only: it takes the author of a write from the caller.
 */
export function serveControlPlane(server: Server, controlPlane: ControlPlane, options: ServeControlPlaneOptions = {}): void {
  const note = (error: unknown): void => {
    if (!MeshError.is(error)) options.onError?.(error);
  };
  const report = (error: unknown) => {
    note(error);
    return toStatusWithTrailer(error);
  };

  function unary<Request, Response>(work: (request: Request) => Promise<Response>) {
    return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): void => {
      // Through a promise, so that what is thrown at once is caught as well.
      Promise.resolve(call.request)
        .then((request) => traced(call, () => work(request)))
        .then(
          (response) => callback(null, response),
          (error: unknown) => callback(report(error)),
        );
    };
  }

  const follow = (call: ServerWritableStream<wire.FollowRequest, wire.FollowEvent>): void => {
    new Follower(call, controlPlane.view).run().then(
      () => call.end(),
      (error: unknown) => call.emit('error', report(error)),
    );
  };

  server.addService(serviceDefinitionOf(wire.ControlPlaneService), {
    follow,
    announce: (call: AnnounceCall) => announce(call, controlPlane, report),
    info: unary(async () => create(wire.InfoResponseSchema, { info: toJsonBytes(await controlPlane.info()) })),
    config: unary(async () => create(wire.ConfigResponseSchema, { config: await controlPlane.config() })),
    write: (call: WriteCall) => takeWrites(call, controlPlane, note),
    issueToken: unary(async (request: wire.IssueTokenRequest) =>
      create(wire.IssueTokenResponseSchema, { token: await controlPlane.issueToken(read(request.token)) }),
    ),
    proxyAdmin: unary(async (request: wire.ProxyAdminRequest) =>
      create(wire.ProxyAdminResponseSchema, { body: await controlPlane.proxyAdmin(read(request.request)) }),
    ),
    convergence: unary(async ({ revision, waitMs }: wire.ConvergenceRequest) => {
      const convergence = await controlPlane.convergence({ revision: Number(revision), waitMs: Number(waitMs) });
      return create(wire.ConvergenceResponseSchema, { convergence: toJsonBytes(convergence) });
    }),
    recordAudit: unary(async ({ entries }: wire.RecordAuditRequest) => {
      await controlPlane.recordAudit(read(entries));
      return create(wire.RecordAuditResponseSchema);
    }),
    readAudit: unary(async ({ query }: wire.ReadAuditRequest) =>
      create(wire.ReadAuditResponseSchema, { records: toJsonBytes(await controlPlane.readAudit(read(query))) }),
    ),
  });
  server.addService(serviceDefinitionOf(DeliveryService), { report: (call: ReportCall) => takeReports(call, controlPlane, report) });
}

/** Runs a call as a part of the trace of its caller. */
function traced<T>(call: ServerUnaryCall<unknown, unknown>, work: () => T): T {
  const [parent] = tracing.enabled ? call.metadata.get(TRACE_KEY) : [];
  return tracing.run(typeof parent === 'string' ? parent : undefined, work);
}

function takeReports(call: ReportCall, controlPlane: ControlPlane, report: (error: unknown) => object): void {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  call.on('close', () => gone.abort());
  call.on('end', () => call.end());
  const source = new ReportedDeliveries(call, (error) => call.emit('error', report(error)));
  void controlPlane.reportDeliveries(source, gone.signal);
}

type AnnounceCall = ServerWritableStream<wire.AnnounceRequest, wire.AnnounceResponse>;

function announce(call: AnnounceCall, controlPlane: ControlPlane, report: (error: unknown) => object): void {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  call.on('close', () => gone.abort());
  const run = async () => {
    const held = controlPlane.announce(read<Announcement>(call.request.announcement), gone.signal);
    call.write(create(wire.AnnounceResponseSchema));
    await held;
  };
  run().then(
    () => call.end(),
    (error: unknown) => call.emit('error', report(error)),
  );
}
