import type { Resource } from '@mesh/core';
import type { DataplaneSpec, ExternalServiceSpec, MeshSpec } from '@mesh/resources';
import { commonProtocol, type Protocol } from '../model/protocols.js';
import type { MeshVip } from '../vips/service-vips.js';
import type { Endpoint, EndpointMap } from './endpoint.js';
import type { Concern, Read, Reader } from './reads.js';

/** The CA backend in force and how strict inbounds are. */
export interface MeshMtlsState {
  readonly backend: string;
  readonly mode: 'STRICT' | 'PERMISSIVE';
}

/**
 * Everything about one mesh that proxies of one zone are built from. Never changes once built; what is read
 * from it is followed, so read it where the value is used and keep no part of it elsewhere.
 */
export interface MeshContext {
  readonly name: string;
  readonly zone: string;
  /** One object for this context and those of the mesh that follow it, until the mesh goes. */
  readonly lineage: object;
  readonly mesh: Resource<MeshSpec>;
  readonly mtls: MeshMtlsState | undefined;
  readonly dataplanes: readonly Resource<DataplaneSpec>[];
  readonly endpoints: EndpointMap;
  /** What other zones offer and nobody here can reach, because the mesh has no mTLS. */
  readonly unreachable: EndpointMap;
  /** The same as `endpoints` for the egress of the zone: what it dials itself. */
  egressEndpoints(): EndpointMap;
  /** ExternalServices of the mesh, ordered by name. */
  readonly externalServices: readonly Resource<ExternalServiceSpec>[];
  readonly vips: readonly MeshVip[];
  /** `mesh.networking.outbound.passthrough`, on unless switched off. */
  readonly passthrough: boolean;
  /** Policies of a kind, ordered by name. */
  policies<Spec>(kind: string): readonly Resource<Spec>[];
  /** Every proxy of the service has a certificate of the backend in force. */
  tlsReady(service: string): boolean;
  /** The IP an address stands for; undefined where a host name has not been resolved. */
  resolve(address: string): string | undefined;
  /**
   * Computes once for as long as nothing changes that was read from the context meanwhile, over the
   * contexts of the mesh that follow. The key says all else that the value depends on.
   */
  memo<T>(key: string, compute: () => T): T;
  /**
   * Like `memo` for what comes from the context (the one handed to `compute`, which must hold on to
   * no other) and the key alone: whoever reads it is computed anew only if the value is not the `same`.
   */
  derive<T>(key: string, compute: (context: MeshContext) => T, same?: (a: T, b: T) => boolean): T;
  /** A short text for a resource with its content: equal for the very same resource only, in every context of the mesh. */
  idOf(resource: Resource<unknown>): string;
  /** Runs `compute` and tells what it read from this context. */
  record<T>(compute: () => T): { readonly value: T; readonly reads: readonly Read[] };
  /** Whether these reads, of an earlier context of the mesh, would be the same now. Counts as reading them. */
  holds(reads: readonly Read[]): boolean;
  /**
   * Runs `compute`, also where it throws on behalf of a reader that wants to know when anything `compute` read is different
   * in a later context of the mesh: `takeConcerned` names it then. What it read before no longer matters.
   */
  follow<T>(reader: Reader, compute: () => T): T;
  unfollow(reader: Reader): void;
  /** The readers for which something is different since they read it, and why; each is named once. */
  takeConcerned(): ReadonlyMap<Reader, Concern>;
  /** Whether this is a later context of the same mesh: its readers are told of what changed in between. */
  continues(earlier: MeshContext | undefined): boolean;
}

/** Endpoints of a service that carry all the given tags. */
export function endpointsOf(context: MeshContext, service: string): readonly Endpoint[] {
  return context.endpoints.get(service) ?? [];
}

/** The protocol all endpoints of a service can be reached with; where there are none, what those out of reach speak. */
export function protocolOfService(context: MeshContext, service: string): Protocol {
  return context.derive(`protocol/${service}`, (now) => {
    const reachable = endpointsOf(now, service);
    const endpoints = reachable.length > 0 ? reachable : (now.unreachable.get(service) ?? []);
    return commonProtocol(endpoints.map((endpoint) => endpoint.protocol));
  });
}
