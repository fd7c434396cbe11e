import { endpointsDigest } from './contents.js';
import type { DataplanePlan } from './topology.js';

/** A zone of a fleet. */
export interface FleetZone {
  /** Control planes of the zone; its dataplanes take turns. */
  readonly controlPlanes: readonly { readonly host: string; readonly port: number }[];
  /** `address:port` under which proxies of other zones see the services of this one; undefined where they see none of them. */
  readonly ingress?: string | undefined;
}

/** Which endpoints of a service the proxies of each zone must have, from who has joined. */
export class ExpectedEndpoints {
  /** Endpoints beyond those of the fleet, by zone and service. */
  private readonly extra = new Map<string, string>();
  private digests = new Map<string, string>();
  private local: Map<string, string[]> | undefined;

  /** @param joined dataplanes that are there now. */
  constructor(
    private readonly zones: readonly Pick<FleetZone, 'ingress'>[],
    private readonly joined: () => Iterable<DataplanePlan>,
  ) {}

  /** An endpoint (`address:port`) of a service in a zone that is none of the fleet; a later one takes its place. */
  add(zone: number, service: string, endpoint: string): void {
    this.extra.set(keyOf(zone, service), endpoint);
    this.changed();
  }

  /** Forgets the endpoints that are none of the fleet. */
  ownOnly(): void {
    this.extra.clear();
    this.changed();
  }

  /** Dataplanes came or went. */
  changed(): void {
    this.digests = new Map();
    this.local = undefined;
  }

  /** Digest (see `endpointsDigest`) of what a proxy in a zone must have: instances there, one way into each other zone with any. */
  digest(zone: number, service: string): string {
    const key = keyOf(zone, service);
    let digest = this.digests.get(key);
    if (digest === undefined) this.digests.set(key, (digest = endpointsDigest(this.endpoints(zone, service))));
    return digest;
  }

  private endpoints(zone: number, service: string): string[] {
    const ways = this.zones.flatMap(({ ingress }, other) =>
      ingress !== undefined && other !== zone && this.inZone(other, service).length > 0 ? [ingress] : [],
    );
    return [...this.inZone(zone, service), ...ways];
  }

  private inZone(zone: number, service: string): readonly string[] {
    const key = keyOf(zone, service);
    const extra = this.extra.get(key);
    const own = (this.local ??= this.localEndpoints()).get(key) ?? [];
    return extra === undefined ? own : [...own, extra];
  }

  private localEndpoints(): Map<string, string[]> {
    const found = new Map<string, string[]>();
    for (const { zone, service, address, port } of this.joined()) {
      const key = keyOf(zone, service);
      const endpoints = found.get(key);
      if (endpoints) endpoints.push(`${address}:${port}`);
      else found.set(key, [`${address}:${port}`]);
    }
    return found;
  }
}

function keyOf(zone: number, service: string): string {
  return `${zone}/${service}`;
}
