import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { MeshError, type ProxyAdminRequest } from '@mesh/core';
import {
  AdminOutputFormat,
  type ClustersRequest,
  ClustersRequestSchema,
  type ClustersResponse,
  type StatsRequest,
  StatsRequestSchema,
  type StatsResponse,
  type XDSConfigRequest,
  XDSConfigRequestSchema,
  type XDSConfigResponse,
} from '@mesh/proto/kuma/mesh/v1alpha1/kds_pb.js';

/** A reverse stream: the zone answers what the global asks. */
export type AdminCall = ServerDuplexStream<
  XDSConfigResponse | StatsResponse | ClustersResponse,
  XDSConfigRequest | StatsRequest | ClustersRequest
>;

/** Budget of one request (contract/kds.md §1). */
const ANSWER_WITHIN_MS = 10_000;

interface Waiting {
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: MeshError) => void;
  readonly timer: NodeJS.Timeout;
}

interface Desk {
  readonly call: AdminCall;
  readonly waiting: Map<string, Waiting>;
}

/** The open admin streams of all zones, and the requests on them that wait for an answer. */
export class AdminDesk {
  private readonly desks = new Map<string, Desk>();

  /** A zone opened a stream; the newest one is used. Returns what to do when it ends. */
  join(zone: string, what: ProxyAdminRequest['what'], call: AdminCall): () => void {
    const desk: Desk = { call, waiting: new Map() };
    const key = `${zone}/${what}`;
    this.desks.set(key, desk);
    call.on('data', (response: XDSConfigResponse | StatsResponse | ClustersResponse) => {
      // An id nobody waits for is a late answer; it ends nothing.
      const waiting = desk.waiting.get(response.requestId);
      if (!waiting) return;
      settle(desk, response.requestId);
      const { result } = response;
      if (result.case === 'error') waiting.reject(new MeshError('bad_request', { public: result.value }));
      else waiting.resolve(result.value ?? new Uint8Array());
    });
    return () => {
      if (this.desks.get(key) === desk) this.desks.delete(key);
      for (const [id, waiting] of [...desk.waiting]) {
        settle(desk, id);
        waiting.reject(new MeshError('unavailable', { public: `zone ${zone} went away` }));
      }
    };
  }

  has(zone: string, what: ProxyAdminRequest['what']): boolean {
    return this.desks.has(`${zone}/${what}`);
  }

  /** Sends a request; throws `unavailable` where the zone is away or silent, `bad_request` with the zone's own error. */
  request(zone: string, request: ProxyAdminRequest): Promise<Uint8Array> {
    const desk = this.desks.get(`${zone}/${request.what}`);
    if (!desk) return Promise.reject(new MeshError('unavailable', { public: `zone ${zone} is not connected to this instance` }));
    const requestId = randomUUID();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        settle(desk, requestId);
        reject(new MeshError('unavailable', { public: `zone ${zone} did not answer within ${ANSWER_WITHIN_MS / 1000}s` }));
      }, ANSWER_WITHIN_MS);
      desk.waiting.set(requestId, { resolve, reject, timer });
      desk.call.write(toMessage(requestId, request));
    });
  }
}

function settle(desk: Desk, requestId: string): void {
  const waiting = desk.waiting.get(requestId);
  if (waiting) clearTimeout(waiting.timer);
  desk.waiting.delete(requestId);
}

function toMessage(requestId: string, request: ProxyAdminRequest): XDSConfigRequest | StatsRequest | ClustersRequest {
  const base = { requestId, resourceType: request.kind, resourceName: request.name, resourceMesh: request.mesh };
  const format = request.format === 'json' ? AdminOutputFormat.JSON : AdminOutputFormat.TEXT;
  switch (request.what) {
    case 'xds':
      return create(XDSConfigRequestSchema, { ...base, includeEds: request.includeEds ?? false });
    case 'stats':
      return create(StatsRequestSchema, { ...base, format, usedOnly: request.usedOnly ?? false });
    case 'clusters':
      return create(ClustersRequestSchema, { ...base, format });
  }
}
