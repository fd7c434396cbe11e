import { eachField, eachOf, textOf } from './fields.js';
import { EXTENSIONS } from './types.js';

/** What a resource needs of others. */
export interface References {
  /** Clusters that routes and TCP proxies send to. */
  readonly clusters: Set<string>;
  /** Route configurations over RDS. */
  readonly routes: Set<string>;
  /** Secrets over SDS on the same stream. */
  readonly secrets: Set<string>;
}

/** No references yet. */
export function noReferences(): References {
  return { clusters: new Set(), routes: new Set(), secrets: new Set() };
}

/** `envoy.config.listener.v3.Listener`: filter chains (3) and the default one (25). */
export function readListener(bytes: Buffer, into: References): void {
  eachField(bytes, (field, value) => {
    if ((field === 3 || field === 25) && typeof value !== 'number') readFilterChain(value, into);
  });
}

/** `envoy.config.core.v3.TransportSocket`: the secrets of a TLS context. */
export function readTransportSocket(bytes: Buffer, into: References): void {
  readAny(bytes, 3, (typeUrl, body) => {
    if (typeUrl === EXTENSIONS.upstreamTls || typeUrl === EXTENSIONS.downstreamTls)
      eachOf(body, 1, (common) => readCommonTls(common, into));
  });
}

/** `envoy.config.route.v3.RouteConfiguration`: clusters of all routes. */
export function readRouteConfiguration(bytes: Buffer, into: References): void {
  eachOf(bytes, 2, (virtualHost) =>
    eachOf(virtualHost, 3, (route) =>
      eachOf(route, 2, (action) => {
        addText(into.clusters, textOf(action, 1));
        eachOf(action, 3, (weighted) => eachOf(weighted, 1, (cluster) => addText(into.clusters, textOf(cluster, 1))));
        eachOf(action, 30, (mirror) => addText(into.clusters, textOf(mirror, 1)));
      }),
    ),
  );
}

function readFilterChain(bytes: Buffer, into: References): void {
  eachField(bytes, (field, value) => {
    if (typeof value === 'number') return;
    if (field === 3) readFilter(value, into);
    if (field === 6) readTransportSocket(value, into);
  });
}

function readFilter(bytes: Buffer, into: References): void {
  readAny(bytes, 4, (typeUrl, body) => {
    if (typeUrl === EXTENSIONS.httpManager) readHttpManager(body, into);
    if (typeUrl === EXTENSIONS.tcpProxy) readTcpProxy(body, into);
  });
}

function readHttpManager(bytes: Buffer, into: References): void {
  eachField(bytes, (field, value) => {
    if (typeof value === 'number') return;
    if (field === 3) addText(into.routes, textOf(value, 2));
    if (field === 4) readRouteConfiguration(value, into);
  });
}

function readTcpProxy(bytes: Buffer, into: References): void {
  addText(into.clusters, textOf(bytes, 2));
  eachOf(bytes, 10, (weighted) => eachOf(weighted, 1, (cluster) => addText(into.clusters, textOf(cluster, 1))));
}

/** `CommonTlsContext`: certificates (6), validation (7), combined validation (8). */
function readCommonTls(bytes: Buffer, into: References): void {
  eachField(bytes, (field, value) => {
    if (typeof value === 'number') return;
    if (field === 6 || field === 7) readSecretReference(value, into);
    if (field === 8) eachOf(value, 2, (secret) => readSecretReference(secret, into));
  });
}

/** `SdsSecretConfig`; secrets of other sources than ADS (a SPIRE agent's socket) are not ours to wait for. */
function readSecretReference(bytes: Buffer, into: References): void {
  let overAds = false;
  eachOf(bytes, 2, (source) => eachOf(source, 3, () => (overAds = true)));
  if (overAds) addText(into.secrets, textOf(bytes, 1));
}

function readAny(holder: Buffer, field: number, visit: (typeUrl: string, body: Buffer) => void): void {
  eachOf(holder, field, (any) => {
    const typeUrl = textOf(any, 1);
    eachOf(any, 2, (body) => visit(typeUrl, body));
  });
}

function addText(to: Set<string>, text: string): void {
  if (text !== '') to.add(text);
}
