import type { JsonObject } from '@mesh/core';
import { ResourceBuilder } from './resource-builder.js';

/** A service as a zone ingress offers it. */
export interface BuiltAvailableService {
  tags?: Record<string, string>;
  instances?: number;
  mesh?: string;
  externalService?: boolean;
}

/** The parts of a ZoneIngress' spec that the builder sets. */
export interface BuiltZoneIngress {
  zone?: string;
  networking: { address?: string; port?: number; advertisedAddress?: string; advertisedPort?: number; admin?: { port?: number } };
  availableServices?: BuiltAvailableService[];
}

/** Builds a ZoneIngress that is not advertised and offers nothing. */
export class ZoneIngressBuilder extends ResourceBuilder<BuiltZoneIngress> {
  /** Sets the zone, in the spec and in the labels. */
  zone(zone: string): this {
    this.spec.zone = zone;
    return this.fromZone(zone);
  }

  address(address: string, port = 10001): this {
    this.spec.networking = { ...this.spec.networking, address, port };
    return this;
  }

  advertised(address: string, port = 10001): this {
    this.spec.networking = { ...this.spec.networking, advertisedAddress: address, advertisedPort: port };
    return this;
  }

  /** Offers a service of a mesh; more tags tell subsets apart. */
  offers(service: string, options: { mesh?: string; instances?: number; tags?: Record<string, string> } = {}): this {
    const tags = { 'kuma.io/service': service, ...(this.spec.zone ? { 'kuma.io/zone': this.spec.zone } : {}), ...options.tags };
    const offered = { tags, instances: options.instances ?? 1, mesh: options.mesh ?? 'default' };
    this.spec.availableServices = [...(this.spec.availableServices ?? []), offered];
    return this;
  }
}

/** A ZoneIngress at 192.168.0.10:10001. */
export function zoneIngress(name = 'ingress-1'): ZoneIngressBuilder {
  return new ZoneIngressBuilder({ kind: 'ZoneIngress', mesh: '', name }, { networking: { address: '192.168.0.10', port: 10001 } });
}

/** The parts of a ZoneEgress' spec that the builder sets. */
export interface BuiltZoneEgress {
  zone?: string;
  networking: { address?: string; port?: number; admin?: { port?: number } };
}

/** Builds a ZoneEgress. */
export class ZoneEgressBuilder extends ResourceBuilder<BuiltZoneEgress> {
  /** Sets the zone, in the spec and in the labels. */
  zone(zone: string): this {
    this.spec.zone = zone;
    return this.fromZone(zone);
  }

  address(address: string, port = 10002): this {
    this.spec.networking = { ...this.spec.networking, address, port };
    return this;
  }
}

/** A ZoneEgress at 192.168.0.11:10002. */
export function zoneEgress(name = 'egress-1'): ZoneEgressBuilder {
  return new ZoneEgressBuilder({ kind: 'ZoneEgress', mesh: '', name }, { networking: { address: '192.168.0.11', port: 10002 } });
}

/** A Zone, enabled unless said. */
export function zone(name = 'zone-1', enabled = true): ResourceBuilder<{ enabled?: boolean }> {
  return new ResourceBuilder<{ enabled?: boolean }>({ kind: 'Zone', mesh: '', name }, { enabled });
}

/** A ZoneInsight with one subscription, open unless a time of disconnect is given. */
export function zoneInsight(name = 'zone-1', disconnectTime?: string): ResourceBuilder {
  const subscription: JsonObject = {
    id: `subscription-${name}`,
    globalInstanceId: 'cp-1',
    connectTime: '2026-01-01T00:00:00Z',
    status: { total: {} },
  };
  if (disconnectTime) subscription.disconnectTime = disconnectTime;
  return new ResourceBuilder<JsonObject>({ kind: 'ZoneInsight', mesh: '', name }, { subscriptions: [subscription] });
}

/** A DataplaneInsight with one subscription, open unless a time of disconnect is given. */
export function dataplaneInsight(name = 'dp-1', disconnectTime?: string): ResourceBuilder {
  const subscription: JsonObject = {
    id: `subscription-${name}`,
    controlPlaneInstanceId: 'cp-1',
    connectTime: '2026-01-01T00:00:00Z',
    status: { total: {} },
  };
  if (disconnectTime) subscription.disconnectTime = disconnectTime;
  return new ResourceBuilder<JsonObject>({ kind: 'DataplaneInsight', mesh: 'default', name }, { subscriptions: [subscription] });
}
