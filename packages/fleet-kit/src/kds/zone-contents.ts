import type { JsonObject } from '@mesh/core';
import type { SimulatedZone } from './simulated-zone.js';

/** What each zone of a fleet has: the same services in all of them. */
export interface ZoneShape {
  readonly mesh: string;
  /** Services of the zone, each with one Dataplane and its insight. */
  readonly services: number;
  /** How other zones learn of them: as entries of the ZoneIngress, or as MeshServices too. */
  readonly meshServices: boolean;
}

const CONNECTED = '2026-01-01T00:00:00Z';
const SERVICE_PORT = 80;
const DATAPLANE_PORT = 8080;
const INGRESS_PORT = 10_001;

/** Gives a zone its services, their dataplanes and its ingress. */
export function fillZone(zone: SimulatedZone, index: number, { mesh, services, meshServices }: ZoneShape): void {
  for (let service = 0; service < services; service++) {
    zone.own.put({
      kind: 'Dataplane',
      mesh,
      name: `dp-${service}`,
      spec: dataplaneSpec(zone.name, { index, service, port: DATAPLANE_PORT }),
    });
    zone.own.put({ kind: 'DataplaneInsight', mesh, name: `dp-${service}`, spec: insightSpec(zone.name, service) });
    if (meshServices) zone.own.put({ kind: 'MeshService', mesh, name: `service-${service}`, ...meshService(service) });
  }
  zone.own.put(zoneIngress(zone.name, { index, mesh, services, instances: 1 }));
}

/** The ingress of a zone; `instances` of its first service, one of every other. */
export function zoneIngress(
  zone: string,
  { index, mesh, services, instances }: { index: number; mesh: string; services: number; instances: number },
): { kind: string; mesh: string; name: string; spec: JsonObject } {
  const address = `10.254.${index >> 8}.${index & 255}`;
  const networking = { address, port: INGRESS_PORT, advertisedAddress: address, advertisedPort: INGRESS_PORT };
  const availableServices = Array.from({ length: services }, (_, service) => ({
    tags: { 'kuma.io/service': `service-${service}`, 'kuma.io/protocol': 'http', 'kuma.io/zone': zone },
    instances: service === 0 ? instances : 1,
    mesh,
  }));
  return { kind: 'ZoneIngress', mesh: '', name: 'ingress', spec: { zone, networking, availableServices } };
}

/** A Dataplane of a zone with one inbound of one service. */
export function dataplaneSpec(zone: string, { index, service, port }: { index: number; service: number; port: number }): JsonObject {
  const tags = { 'kuma.io/service': `service-${service}`, 'kuma.io/protocol': 'http', 'kuma.io/zone': zone };
  return { networking: { address: `10.${index & 255}.${service >> 8}.${service & 255}`, inbound: [{ port, tags }] } };
}

function insightSpec(zone: string, service: number): JsonObject {
  const total = { responsesSent: '8', responsesAcknowledged: '8' };
  const status = { lastUpdateTime: CONNECTED, total, cds: total, eds: total, lds: total, rds: total };
  const version = { kumaDp: { version: '2.14.3' }, envoy: { version: '1.38.2' } };
  const id = `${zone}-${service}`;
  return { subscriptions: [{ id, controlPlaneInstanceId: `${zone}-0`, connectTime: CONNECTED, status, version }] };
}

function meshService(service: number): { spec: JsonObject; status: JsonObject } {
  const tags = { 'kuma.io/service': `service-${service}` };
  const ports = [{ port: SERVICE_PORT, targetPort: DATAPLANE_PORT, appProtocol: 'http' }];
  const status = { tls: { status: 'Ready' }, dataplaneProxies: { connected: 1, healthy: 1, total: 1 } };
  return { spec: { selector: { dataplaneTags: tags }, ports, identities: [], state: 'Available' }, status };
}
