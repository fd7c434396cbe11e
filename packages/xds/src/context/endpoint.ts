import type { Tags } from '@mesh/resources';
import type { Protocol } from '../model/protocols.js';

/** TLS towards an external service, its certificates read. */
export interface ExternalTls {
  /** SNI, and the name the certificate must have; the host of the address where left out. */
  readonly serverName: string;
  /** Roots in PEM; absent: those of the system. */
  readonly caPem: string | undefined;
  /** Certificate and key this side shows. */
  readonly client: { readonly certPem: string; readonly keyPem: string } | undefined;
  readonly verifyName: boolean;
  readonly allowRenegotiation: boolean;
}

/** How an external service is dialled by whoever leaves the mesh for it. */
export interface ExternalTarget {
  /** Name of the ExternalService resource. */
  readonly name: string;
  /** Absent: without TLS. */
  readonly tls: ExternalTls | undefined;
  /** Why it must not be dialled: TLS is asked for with a certificate that is not there. */
  readonly problem: string | undefined;
  /** The traffic leaves through a zone egress, which the proxy authenticates. */
  readonly viaEgress: boolean;
}

/** One address behind a service, as a proxy of this zone reaches it. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** All tags, `kuma.io/service` too. */
  readonly tags: Tags;
  /** Labels of the Dataplane; empty for remote endpoints. */
  readonly labels: Tags;
  readonly zone: string;
  readonly weight: number;
  /** 0 is preferred. */
  readonly priority: number;
  readonly protocol: Protocol;
  /** Reached through an ingress of another zone, or through an egress. */
  readonly remote: boolean;
  readonly external?: ExternalTarget;
}

/** Endpoints by `kuma.io/service`. */
export type EndpointMap = ReadonlyMap<string, readonly Endpoint[]>;
