import { type Resource, TAG_PROTOCOL, TAG_SERVICE } from '@mesh/core';
import type { DataplaneInbound, DataplaneSpec, Tags } from '@mesh/resources';
import { SERVICELESS_PORT } from '../model/names.js';
import { type Protocol, parseProtocol } from '../model/protocols.js';

/** An inbound with its defaults filled in (contract/dataplane.md §3.3). */
export interface InboundInterface {
  /** Name of the inbound, or its port as text: what `sectionName` refers to. */
  readonly section: string;
  /** Where the proxy listens. */
  readonly address: string;
  readonly port: number;
  /** Where others reach the proxy. */
  readonly advertisedAddress: string;
  /** Where the application listens. */
  readonly workloadAddress: string;
  readonly workloadPort: number;
  readonly tags: Tags;
  readonly service: string;
  readonly protocol: Protocol;
  readonly healthy: boolean;
}

const PORT_MAX = 65_535;

/** All inbounds of a dataplane that can carry traffic; those without a port, of a serviceless pod or ignored are left out. */
export function inboundsOf(dataplane: Resource<DataplaneSpec>): readonly InboundInterface[] {
  const found: InboundInterface[] = [];
  for (const inbound of dataplane.spec.networking?.inbound ?? []) {
    const converted = convert(dataplane.spec, inbound);
    if (converted) found.push(converted);
  }
  return found;
}

function convert(spec: DataplaneSpec, inbound: DataplaneInbound): InboundInterface | undefined {
  const port = inbound.port ?? 0;
  if (port < 1 || port > PORT_MAX || port === SERVICELESS_PORT || inbound.state === 'Ignored') return undefined;
  const address = inbound.address || spec.networking?.address || '';
  if (address === '') return undefined;
  const tags = inbound.tags ?? {};
  return {
    section: inbound.name || String(port),
    address,
    port,
    advertisedAddress: spec.networking?.advertisedAddress || address,
    workloadAddress: inbound.serviceAddress || address,
    workloadPort: inbound.servicePort || port,
    tags,
    service: tags[TAG_SERVICE] ?? '',
    protocol: parseProtocol(inbound.protocol || tags[TAG_PROTOCOL]),
    healthy: isHealthy(inbound),
  };
}

/** Ready, and `health`, where given, says so. An empty `health` object means not ready: protobuf JSON leaves `false` out. */
function isHealthy(inbound: DataplaneInbound): boolean {
  return (inbound.state ?? 'Ready') === 'Ready' && (inbound.health === undefined || inbound.health.ready === true);
}
