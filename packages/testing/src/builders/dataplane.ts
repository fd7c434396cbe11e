import { ResourceBuilder } from './resource-builder.js';

type Tags = Record<string, string>;

/** The parts of a Dataplane's spec that the builder sets. */
export interface BuiltDataplane {
  networking: {
    address?: string;
    advertisedAddress?: string;
    gateway?: { tags?: Tags; type?: 'DELEGATED' | 'BUILTIN' };
    inbound?: BuiltInbound[];
    outbound?: BuiltOutbound[];
    transparentProxying?: { redirectPortInbound?: number; redirectPortOutbound?: number; reachableServices?: string[] };
    admin?: { port?: number };
  };
  probes?: { port?: number; endpoints?: { inboundPort?: number; inboundPath?: string; path?: string }[] };
}

export interface BuiltInbound {
  port?: number;
  servicePort?: number;
  serviceAddress?: string;
  address?: string;
  tags?: Tags;
  health?: { ready?: boolean };
  serviceProbe?: { interval?: string; timeout?: string; unhealthyThreshold?: number; healthyThreshold?: number };
  state?: 'Ready' | 'NotReady' | 'Ignored';
  name?: string;
  protocol?: string;
}

export interface BuiltOutbound {
  address?: string;
  port?: number;
  tags?: Tags;
  backendRef?: { kind?: string; name?: string; port?: number; labels?: Tags };
}

/** What an inbound says besides its service and port. */
export interface InboundOptions extends Omit<BuiltInbound, 'port'> {
  protocol?: string;
}

/** Builds a Dataplane at 192.168.0.1 without inbounds. */
export class DataplaneBuilder extends ResourceBuilder<BuiltDataplane> {
  address(address: string): this {
    this.spec.networking.address = address;
    return this;
  }

  /** Adds an inbound with the tag `kuma.io/service`; `protocol` becomes the tag `kuma.io/protocol`. */
  inbound(service: string, port: number, options: InboundOptions = {}): this {
    const { protocol, tags, ...rest } = options;
    const all = { 'kuma.io/service': service, ...(protocol ? { 'kuma.io/protocol': protocol } : {}), ...tags };
    this.spec.networking.inbound = [...(this.spec.networking.inbound ?? []), { port, ...rest, tags: all }];
    return this;
  }

  /** Adds an outbound to a service, with further tags of the destination. */
  outbound(service: string, port: number, tags: Tags = {}): this {
    return this.rawOutbound({ port, tags: { 'kuma.io/service': service, ...tags } });
  }

  rawOutbound(outbound: BuiltOutbound): this {
    this.spec.networking.outbound = [...(this.spec.networking.outbound ?? []), outbound];
    return this;
  }

  /** Makes it a gateway: delegated unless said. */
  gateway(service: string, type?: 'DELEGATED' | 'BUILTIN'): this {
    this.spec.networking.gateway = { tags: { 'kuma.io/service': service }, ...(type ? { type } : {}) };
    return this;
  }

  adminPort(port: number): this {
    this.spec.networking.admin = { port };
    return this;
  }

  /** Turns on transparent proxying with Kuma's usual ports. */
  transparent(): this {
    this.spec.networking.transparentProxying = { redirectPortInbound: 15006, redirectPortOutbound: 15001 };
    return this;
  }
}

/** A Dataplane of mesh `default`. */
export function dataplane(name = 'dp-1'): DataplaneBuilder {
  return new DataplaneBuilder({ kind: 'Dataplane', mesh: 'default', name }, { networking: { address: '192.168.0.1' } });
}
