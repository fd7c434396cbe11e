import { type Json, type JsonObject, LABEL_FORMER_MESH, type Normalized } from '@mesh/core';
import { isObject } from '../proto-json/index.js';

/**
 * A Dataplane with `networking.ingress` (Kuma 0.6-1.1) as the ZoneIngress it has become: same
 * name, address of the Dataplane, port of its first inbound, public address and port as the
 * advertised ones. `availableServices` is dropped, the zone computes it. A label keeps the mesh, so
 * that the proxy may go on with the dataplane token it has.
 */
export function ingressDocumentOf(document: JsonObject, warnings: readonly string[]): Normalized {
  const networking = objectOf(document.networking);
  const ingress = objectOf(networking.ingress);
  const inbound = objectOf(Array.isArray(networking.inbound) ? networking.inbound[0] : undefined);
  const present: JsonObject = {};
  put(present, 'address', networking.address ?? inbound.address);
  put(present, 'port', inbound.port);
  put(present, 'advertisedAddress', ingress.publicAddress);
  put(present, 'advertisedPort', ingress.publicPort);
  put(present, 'admin', networking.admin);
  const { type, mesh, networking: old, metrics, probes, labels, ...rest } = document;
  const written = JSON.stringify({ type: 'ZoneIngress', name: document.name, networking: present });
  return {
    document: {
      type: 'ZoneIngress',
      ...rest,
      labels: { ...objectOf(labels), [LABEL_FORMER_MESH]: typeof mesh === 'string' ? mesh : 'default' },
      networking: present,
    },
    // The tags of the inbound go away with it, and so does what was said about them.
    warnings: [
      ...warnings.filter((line) => !line.startsWith('networking.inbound') || line.includes('.interface')),
      `networking.ingress: a Dataplane with "ingress" is an old form, write ${written} instead`,
      ...(present.advertisedAddress === undefined ? [UNREACHABLE] : []),
    ],
  };
}

const UNREACHABLE = 'networking.ingress: without "publicAddress" and "publicPort" other zones cannot reach this ingress';

function put(target: JsonObject, key: string, value: Json | undefined): void {
  if (value !== undefined && value !== null) target[key] = value;
}

function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}
