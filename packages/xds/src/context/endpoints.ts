import { LABEL_ZONE, type Resource, TAG_PROTOCOL, TAG_SERVICE, TAG_ZONE, type ViewChange } from '@mesh/core';
import type { AvailableService, DataplaneSpec, ExternalServiceSpec, ZoneEgressSpec, ZoneIngressSpec } from '@mesh/resources';
import { resolveAddress } from '../model/addresses.js';
import { parseProtocol } from '../model/protocols.js';
import { sortTags, tagsKey } from '../model/tags.js';
import type { Endpoint, EndpointMap } from './endpoint.js';
import { resolveExternalTls, type SecretReader } from './external-tls.js';
import { inboundsOf } from './inbounds.js';

export interface EndpointSources {
  readonly mesh: string;
  readonly zone: string;
  readonly mtlsEnabled: boolean;
  /** `mesh.routing.zoneEgress`, which asks for mTLS. */
  readonly throughEgress: boolean;
  /** `mesh.routing.localityAwareLoadBalancing`. */
  readonly localityAware: boolean;
  readonly dataplanes: readonly Resource<DataplaneSpec>[];
  /** Where other zones can be entered. */
  readonly entries: readonly Entry[];
  readonly zoneEgresses: readonly Resource<ZoneEgressSpec>[];
  /** The endpoints are for the egress of the zone itself: it reaches what is outside the zone and the mesh without another. */
  readonly forEgress: boolean;
  readonly readSecret: SecretReader;
  readonly externalServices: readonly Resource<ExternalServiceSpec>[];
  /** IPs of host names, as the caller resolved them. */
  readonly resolved: ReadonlyMap<string, string>;
  /** What was made for earlier contexts of the mesh. */
  readonly made: MadeEndpoints;
}

/** A resource is looked at in so many ways: by sidecars and by the egress, and before and after a change. */
const CIRCUMSTANCES_MAX = 4;

/** Endpoints by the resource they were made of: resources never change, so most are made once. */
export class MadeEndpoints {
  private readonly byResource = new WeakMap<object, Map<string, readonly Endpoint[]>>();

  /** What `make` gave for this resource under these circumstances, which say all else that it reads. */
  of(resource: object, circumstances: string, make: () => readonly Endpoint[]): readonly Endpoint[] {
    let made = this.byResource.get(resource);
    if (!made || made.size > CIRCUMSTANCES_MAX) this.byResource.set(resource, (made = new Map()));
    let endpoints = made.get(circumstances);
    if (!endpoints) made.set(circumstances, (endpoints = make()));
    return endpoints;
  }
}

/** Where another zone can be entered, and what it offers to the mesh there. */
export interface Entry {
  readonly ingress: Resource<ZoneIngressSpec>;
  readonly zone: string;
  readonly address: string;
  readonly port: number;
  readonly services: readonly AvailableService[];
}

/** What a dataplane of this zone offers. */
export function endpointsHere(dataplane: Resource<DataplaneSpec>, sources: EndpointSources): readonly Endpoint[] {
  const weight = weightHere(sources);
  // Only host names can lead to another address for the same resource.
  const circumstances = `${weight}/${resolvedOf(dataplane, sources)}`;
  return sources.made.of(dataplane, circumstances, () => endpointsOfDataplane(dataplane, sources.resolved, weight));
}

/** Whether {@link endpointsHere} gives the same for the same dataplane. */
export function sameHere(now: EndpointSources, before: EndpointSources): boolean {
  return weightHere(now) === weightHere(before) && now.resolved === before.resolved;
}

/** What other zones and external services offer, by service. */
export function endpointsElsewhere(sources: EndpointSources): EndpointMap {
  const found = new Map<string, Endpoint[]>();
  if (sources.mtlsEnabled && sources.throughEgress) addRemoteThroughEgress(found, sources);
  else if (sources.mtlsEnabled) addRemote(found, sources);
  addExternal(found, sources);
  return found;
}

/** Whether {@link endpointsElsewhere} gives the same. */
export function sameElsewhere(now: EndpointSources, before: EndpointSources): boolean {
  return (
    sameRemote(now, before) &&
    now.throughEgress === before.throughEgress &&
    now.localityAware === before.localityAware &&
    now.zoneEgresses === before.zoneEgresses &&
    now.externalServices === before.externalServices &&
    // Their secrets are read elsewhere.
    !now.externalServices.some(({ spec }) => spec.networking?.tls?.enabled)
  );
}

/** Whether other zones can be entered as before. */
export function sameRemote(now: EndpointSources, before: EndpointSources): boolean {
  return now.mtlsEnabled === before.mtlsEnabled && now.entries === before.entries && now.resolved === before.resolved;
}

/**
 * What other zones offer to a mesh that cannot take it, for its mTLS is off: empty where it is on.
 * The zone of each is named.
 */
export function unreachableEndpoints(sources: EndpointSources): Map<string, Endpoint[]> {
  const found = new Map<string, Endpoint[]>();
  if (sources.mtlsEnabled) return found;
  for (const { zone, address, port, services } of sources.entries) {
    for (const service of services) {
      const tags = { [TAG_ZONE]: zone, ...service.tags };
      if (!service.externalService) addAvailable(found, { ...service, tags }, { address, port, weight: 1, priority: 0 });
    }
  }
  return found;
}

function resolvedOf(dataplane: Resource<DataplaneSpec>, { resolved }: EndpointSources): string {
  if (resolved.size === 0) return '';
  const { advertisedAddress, address, inbound = [] } = dataplane.spec.networking ?? {};
  return [advertisedAddress, address, ...inbound.map((one) => one.address)].map((name) => resolved.get(name ?? '') ?? '').join(',');
}

/** Endpoints of other zones weigh what is behind an ingress, which tells each of them of the same instances. */
function weightHere({ mtlsEnabled, entries }: EndpointSources): number {
  return mtlsEnabled ? Math.max(1, entries.length) : 1;
}

function endpointsOfDataplane(dataplane: Resource<DataplaneSpec>, resolved: EndpointSources['resolved'], weight: number): Endpoint[] {
  return inboundsOf(dataplane).flatMap((inbound) => {
    if (!inbound.healthy || inbound.service === '') return [];
    const address = resolveAddress(inbound.advertisedAddress, resolved);
    if (address === undefined) return [];
    return {
      address,
      port: inbound.port,
      tags: sortTags(inbound.tags),
      labels: sortTags(dataplane.meta.labels),
      zone: inbound.tags[TAG_ZONE] ?? '',
      weight,
      priority: 0,
      protocol: inbound.protocol,
      remote: false,
    };
  });
}

/**
 * Ingresses of other zones with a public address and something to offer; those that share an
 * advertised address and port count once.
 */
export function remoteEntries(
  zoneIngresses: readonly Resource<ZoneIngressSpec>[],
  sources: Pick<EndpointSources, 'mesh' | 'zone' | 'resolved'>,
): Entry[] {
  const entries = new Map<string, Entry>();
  for (const ingress of zoneIngresses) {
    const zone = ingress.spec.zone || ingress.meta.labels[LABEL_ZONE] || '';
    if (zone === sources.zone) continue;
    const { advertisedAddress = '', advertisedPort = 0 } = ingress.spec.networking ?? {};
    const services = (ingress.spec.availableServices ?? []).filter((s) => (s.mesh || 'default') === sources.mesh);
    if (advertisedAddress === '' || advertisedPort === 0 || services.length === 0) continue;
    const address = resolveAddress(advertisedAddress, sources.resolved);
    const slot = `${address}:${advertisedPort}`;
    if (address === undefined || entries.has(slot)) continue;
    entries.set(slot, { ingress, zone, address, port: advertisedPort, services });
  }
  return [...entries.values()];
}

function addRemote(found: Map<string, Endpoint[]>, sources: EndpointSources): void {
  const priority = sources.localityAware ? 1 : 0;
  for (const { ingress, services, address, port } of sources.entries) {
    const circumstances = `${sources.mesh}/${address}/${priority}/${sources.forEgress}`;
    const made = sources.made.of(ingress, circumstances, () => {
      // An egress passes on what is tied to another zone; sidecars leave that to the egress.
      const offered = services.filter((service) => !service.externalService || sources.forEgress);
      return offered.flatMap((service) => availableEndpoint(service, { address, port, weight: service.instances ?? 1, priority }) ?? []);
    });
    for (const endpoint of made) add(found, endpoint.tags[TAG_SERVICE] ?? '', endpoint);
  }
}

function addRemoteThroughEgress(found: Map<string, Endpoint[]>, sources: EndpointSources): void {
  const priority = sources.localityAware ? 1 : 0;
  const egresses = localEgresses(sources);
  const seen = new Set<string>();
  for (const service of sources.entries.flatMap((entry) => entry.services)) {
    if (service.externalService) continue;
    const key = tagsKey(service.tags ?? {});
    if (seen.has(key)) continue;
    seen.add(key);
    for (const egress of egresses) addAvailable(found, service, { ...egress, weight: 1, priority });
  }
}

interface Hop {
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly priority: number;
}

function addAvailable(found: Map<string, Endpoint[]>, service: AvailableService, hop: Hop): void {
  const endpoint = availableEndpoint(service, hop);
  if (endpoint) add(found, endpoint.tags[TAG_SERVICE] ?? '', endpoint);
}

function availableEndpoint(service: AvailableService, hop: Hop): Endpoint | undefined {
  const tags = sortTags(service.tags ?? {});
  if ((tags[TAG_SERVICE] ?? '') === '') return undefined;
  return {
    address: hop.address,
    port: hop.port,
    tags,
    labels: {},
    zone: tags[TAG_ZONE] ?? '',
    weight: Math.max(1, hop.weight),
    priority: hop.priority,
    protocol: parseProtocol(tags[TAG_PROTOCOL]),
    remote: true,
  };
}

function localEgresses(sources: EndpointSources): { address: string; port: number }[] {
  const found: { address: string; port: number }[] = [];
  for (const egress of sources.zoneEgresses) {
    const zone = egress.spec.zone || egress.meta.labels[LABEL_ZONE] || '';
    const { address = '', port = 0 } = egress.spec.networking ?? {};
    if ((zone !== '' && zone !== sources.zone) || address === '' || port === 0) continue;
    const resolved = resolveAddress(address, sources.resolved);
    if (resolved !== undefined) found.push({ address: resolved, port });
  }
  return found;
}

/** Host and port of an ExternalService; undefined where its address cannot be read. */
export function externalAddress(spec: ExternalServiceSpec): { host: string; port: number } | undefined {
  const match = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(spec.networking?.address ?? '');
  const port = Number(match?.[2]);
  return match?.[1] && port >= 1 && port <= 65535 ? { host: match[1], port } : undefined;
}

function addExternal(found: Map<string, Endpoint[]>, sources: EndpointSources): void {
  const egresses = sources.throughEgress ? localEgresses(sources) : [];
  for (const external of sources.externalServices) {
    const tags = sortTags(external.spec.tags ?? {});
    const name = tags[TAG_SERVICE] ?? '';
    const target = externalAddress(external.spec);
    if (name === '' || target === undefined) continue;
    if (sources.forEgress && (tags[TAG_ZONE] ?? sources.zone) !== sources.zone) continue;
    const resolved = resolveExternalTls(external.spec.networking?.tls, target.host, sources.readSecret);
    const hops = sources.throughEgress ? egresses : [{ address: target.host, port: target.port }];
    for (const hop of hops) {
      add(found, name, {
        ...hop,
        tags,
        labels: {},
        zone: tags[TAG_ZONE] ?? '',
        weight: 1,
        priority: 0,
        protocol: parseProtocol(tags[TAG_PROTOCOL]),
        remote: sources.throughEgress,
        external: { name: external.meta.name, tls: resolved?.tls, problem: resolved?.problem, viaEgress: sources.throughEgress },
      });
    }
  }
}

function add(found: Map<string, Endpoint[]>, service: string, endpoint: Endpoint): void {
  const list = found.get(service);
  if (list) list.push(endpoint);
  else found.set(service, [endpoint]);
}

/** Whether others must no longer send traffic to an address that a dataplane or another zone had before this change. */
export function removesEndpoint({ key, before, after }: ViewChange): boolean {
  if (before === undefined) return false;
  if (key.kind === 'ZoneIngress') return after === undefined;
  if (key.kind !== 'Dataplane') return false;
  const left = new Set(after ? addressesOf(after) : []);
  return addressesOf(before).some((address) => !left.has(address));
}

function addressesOf(dataplane: Resource): string[] {
  const inbounds = inboundsOf(dataplane as unknown as Resource<DataplaneSpec>);
  return inbounds.filter(({ healthy }) => healthy).map(({ advertisedAddress, port, service }) => `${advertisedAddress}/${port}/${service}`);
}
