import type { JsonObject } from '@bufbuild/protobuf';
import type { NodeIdentity } from './wire/messages.js';

/** How large a fleet is and who calls whom. */
export interface Shape {
  readonly mesh: string;
  readonly dataplanes: number;
  readonly services: number;
  /** Distinct services each dataplane calls. */
  readonly outbounds: number;
  /** The instances of each service are spread evenly over so many zones. */
  readonly zones: number;
}

/** A dataplane to simulate. */
export interface DataplanePlan {
  readonly name: string;
  /** From 0. */
  readonly zone: number;
  readonly service: string;
  readonly address: string;
  readonly port: number;
  readonly outbounds: readonly string[];
}

const INBOUND_PORT = 8080;
const FIRST_OUTBOUND_PORT = 10_001;
const INGRESS_PORT = 10_001;

/**
 * The dataplanes of a fleet: instances are spread evenly over the services, and so are callers, so that every service has
 * `dataplanes / services` instances and about `dataplanes * outbounds / services` callers.
 */
export function planFleet(shape: Shape): DataplanePlan[] {
  const outbounds = Math.min(shape.outbounds, shape.services);
  return Array.from({ length: shape.dataplanes }, (_, index) => {
    const first = (index * 7 + Math.floor(index / shape.services) + 1) % shape.services;
    const called = Array.from({ length: outbounds }, (_, k) => serviceName((first + k) % shape.services));
    return {
      name: `fleet-${index}`,
      zone: Math.floor(index / shape.services) % shape.zones,
      service: serviceName(index % shape.services),
      address: addressOf(index),
      port: INBOUND_PORT,
      outbounds: called,
    };
  });
}

/** Name of the nth service. */
export function serviceName(index: number): string {
  return `service-${index}`;
}

/** The Dataplane document of a plan, as its proxy brings it along. */
export function dataplaneDocument(mesh: string, plan: Omit<DataplanePlan, 'zone'>): JsonObject {
  return {
    type: 'Dataplane',
    mesh,
    name: plan.name,
    networking: {
      address: plan.address,
      inbound: [{ port: plan.port, tags: { 'kuma.io/service': plan.service, 'kuma.io/protocol': 'http' } }],
      outbound: plan.outbounds.map((service, k) => ({ port: FIRST_OUTBOUND_PORT + k, tags: { 'kuma.io/service': service } })),
    },
  };
}

/** Node id and metadata that kuma-dp's bootstrap would give Envoy (contract/dataplane.md §1.4). */
export function nodeOf(mesh: string, plan: DataplanePlan, delta: boolean): NodeIdentity {
  return {
    id: `${mesh}.${plan.name}`,
    cluster: plan.service,
    metadata: {
      'dataplane.proxyType': 'dataplane',
      'dataplane.resource': JSON.stringify(dataplaneDocument(mesh, plan)),
      'dataplane.admin.port': '9901',
      'dataplane.readinessReporter.port': '9902',
      features: ['feature-tcp-accesslog-via-named-pipe', 'feature-reuse-port', ...(delta ? ['feature-delta-grpc'] : [])],
      version: {
        kumaDp: { version: '2.14.3', gitTag: '2.14.3', gitCommit: '', buildDate: '' },
        envoy: { version: '1.38.2', build: 'simulated/1.38.2/Clean/RELEASE/BoringSSL' },
      },
    },
  };
}

/** The ZoneIngress document of a zone (from 0), and the `address:port` under which other zones then see its services. */
export function ingressOf(zone: number): { readonly document: JsonObject & { readonly name: string }; readonly advertised: string } {
  const networking = { address: `10.254.${zone >> 8}.${zone & 255}`, port: INGRESS_PORT };
  const { address: advertisedAddress, port: advertisedPort } = networking;
  return {
    document: { type: 'ZoneIngress', name: 'fleet-ingress', networking: { ...networking, advertisedAddress, advertisedPort } },
    advertised: `${advertisedAddress}:${advertisedPort}`,
  };
}

/** A private address of its own for each dataplane. */
function addressOf(index: number): string {
  const host = index + 1;
  return `10.${(host >> 16) & 255}.${(host >> 8) & 255}.${host & 255}`;
}
