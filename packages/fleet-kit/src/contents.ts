import { hash } from 'node:crypto';
import { eachField, eachOf, textOf } from './wire/fields.js';
import { noReferences, readListener, readRouteConfiguration, readTransportSocket } from './wire/references.js';
import { TYPES } from './wire/types.js';

/** What the simulator keeps of a resource: shared by all proxies that got the same bytes. */
export interface Content {
  readonly name: string;
  /** SHA-256 of the bytes. */
  readonly hash: string;
  /** Name of the load assignment that a cluster of type EDS takes its endpoints from. */
  readonly edsName: string;
  readonly connectTimeoutMs: number;
  /** A digest of the addresses of a load assignment, as `endpointsDigest` makes it. */
  readonly endpoints: string;
  readonly clusters: readonly string[];
  readonly routes: readonly string[];
  readonly secrets: readonly string[];
}

/** Entries of the younger generation before the older one is let go. */
const GENERATION_MAX = 50_000;
const EDS = 3;
const NONE: readonly string[] = [];

/** Reads each distinct resource once. Holds at most two generations of entries. */
export class ContentCache {
  private young = new Map<string, Content>();
  private old = new Map<string, Content>();

  /** What the bytes of a resource say. @throws RangeError where they are none. */
  read(typeUrl: string, bytes: Buffer): Content {
    const key = hash('sha256', bytes, 'base64');
    // Every proxy has secrets of its own; keeping them would only push out what is shared.
    if (typeUrl === TYPES.secret) return plain(textOf(bytes, 1), key);
    const found = this.young.get(key) ?? this.old.get(key);
    if (found) return found;
    const content = readContent(typeUrl, bytes, key);
    if (this.young.size >= GENERATION_MAX) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, content);
    return content;
  }
}

/** A digest of a set of `address:port`, whatever their order. */
export function endpointsDigest(addresses: readonly string[]): string {
  return hash('sha256', [...addresses].sort().join(' '), 'base64');
}

function plain(name: string, key: string): Content {
  return { name, hash: key, edsName: '', connectTimeoutMs: 0, endpoints: '', clusters: NONE, routes: NONE, secrets: NONE };
}

function readContent(typeUrl: string, bytes: Buffer, key: string): Content {
  if (typeUrl === TYPES.cluster) return readCluster(bytes, key);
  if (typeUrl === TYPES.endpoints) return { ...plain(textOf(bytes, 1), key), endpoints: endpointsDigest(addressesOf(bytes)) };
  const references = noReferences();
  if (typeUrl === TYPES.listener) readListener(bytes, references);
  if (typeUrl === TYPES.route) readRouteConfiguration(bytes, references);
  const { clusters, routes, secrets } = references;
  return { ...plain(textOf(bytes, 1), key), clusters: [...clusters], routes: [...routes], secrets: [...secrets] };
}

/** `envoy.config.cluster.v3.Cluster`: type (2), EDS service name (3.2), connect timeout (4), transport sockets (24, 43.3). */
function readCluster(bytes: Buffer, key: string): Content {
  const references = noReferences();
  let type = 0;
  let serviceName = '';
  let connectTimeoutMs = 0;
  eachField(bytes, (field, value) => {
    if (typeof value === 'number') {
      if (field === 2) type = value;
    } else if (field === 3) serviceName = textOf(value, 2);
    else if (field === 4) connectTimeoutMs = durationMs(value);
    else if (field === 24) readTransportSocket(value, references);
    else if (field === 43) eachOf(value, 3, (socket) => readTransportSocket(socket, references));
  });
  const name = textOf(bytes, 1);
  return { ...plain(name, key), edsName: type === EDS ? serviceName || name : '', connectTimeoutMs, secrets: [...references.secrets] };
}

function durationMs(bytes: Buffer): number {
  let ms = 0;
  eachField(bytes, (field, value) => {
    if (typeof value === 'number') ms += field === 1 ? value * 1000 : field === 2 ? value / 1e6 : 0;
  });
  return ms;
}

/** Endpoints (2), their addresses (2.1.1), as socket addresses (1): address 2, port 3. */
function addressesOf(bytes: Buffer): string[] {
  const found: string[] = [];
  eachOf(bytes, 2, (locality) =>
    eachOf(locality, 2, (lbEndpoint) =>
      eachOf(lbEndpoint, 1, (endpoint) =>
        eachOf(endpoint, 1, (address) =>
          eachOf(address, 1, (socketAddress) => {
            let port = 0;
            eachField(socketAddress, (field, value) => {
              if (field === 3 && typeof value === 'number') port = value;
            });
            found.push(`${textOf(socketAddress, 2)}:${port}`);
          }),
        ),
      ),
    ),
  );
  return found;
}
