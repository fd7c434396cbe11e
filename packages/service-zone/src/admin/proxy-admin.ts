import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { AdminTls } from '@mesh/control-plane/proxies';
import { type Json, MeshError, messageOf, type ProxyAdminRequest, type ResourceView } from '@mesh/core';
import type { DataplaneInsightSpec, DataplaneSpec, ZoneEgressSpec, ZoneIngressSpec } from '@mesh/resources';

export interface ProxyAdminOptions {
  readonly view: ResourceView;
  readonly defaultAdminPort: number;
  readonly clientTls: () => Promise<AdminTls>;
}

const TOTAL_MS_MAX = 5000;
/** A config_dump of a big mesh is tens of megabytes. */
const BODY_BYTES_MAX = 256 * 1024 * 1024;

/** Asks the Envoy admin endpoint of a proxy (contract/dataplane.md §8). Throws `not_found` or `unavailable`. */
export async function askProxyAdmin(request: ProxyAdminRequest, options: ProxyAdminOptions): Promise<Uint8Array> {
  const target = adminTarget(request, options);
  const path = adminPath(request);
  const tls = target.plain ? undefined : await options.clientTls();
  try {
    const body = await get({ ...target, path, tls });
    return request.what === 'xds' ? redactedDump(body) : body;
  } catch (cause) {
    if (MeshError.is(cause)) throw cause;
    throw new MeshError('unavailable', {
      public: `the admin endpoint of ${request.kind} ${request.name} did not answer: ${messageOf(cause)}`,
      cause,
    });
  }
}

interface AdminTarget {
  readonly host: string;
  readonly port: number;
  readonly plain: boolean;
}

function adminTarget(request: ProxyAdminRequest, { view, defaultAdminPort }: ProxyAdminOptions): AdminTarget {
  const mesh = request.kind === 'Dataplane' ? request.mesh : '';
  const key = { kind: request.kind, mesh, name: request.name };
  const spec = view.get(key)?.spec as (DataplaneSpec & ZoneIngressSpec & ZoneEgressSpec) | undefined;
  if (!spec) throw new MeshError('not_found', { public: `${request.kind} ${request.name} is not known` });
  const insight = view.get({ ...key, kind: `${request.kind}Insight` })?.spec as DataplaneInsightSpec | undefined;
  const port = spec.networking?.admin?.port || Number(insight?.metadata?.['dataplane.admin.port'] ?? defaultAdminPort);
  if (port === 0) throw new MeshError('unavailable', { public: `${request.kind} ${request.name} has no admin endpoint` });
  // With the real endpoint on a Unix socket, the TCP port is our own TLS listener, on loopback too.
  const behindListener = typeof insight?.metadata?.['dataplane.admin.socketPath'] === 'string';
  const host = (!behindListener && spec.networking?.advertisedAddress) || spec.networking?.address || '127.0.0.1';
  return { host, port, plain: host === '127.0.0.1' && !behindListener };
}

function adminPath(request: ProxyAdminRequest): string {
  const json = request.format === 'json' ? 'format=json' : '';
  switch (request.what) {
    case 'xds':
      return request.includeEds ? '/config_dump?include_eds' : '/config_dump';
    case 'clusters':
      return join('/clusters', json);
    case 'stats':
      return join('/stats', json, request.usedOnly ? 'usedonly' : '');
  }
}

function join(path: string, ...query: string[]): string {
  const given = query.filter((part) => part !== '');
  return given.length === 0 ? path : `${path}?${given.join('&')}`;
}

interface GetOptions extends AdminTarget {
  readonly path: string;
  readonly tls: AdminTls | undefined;
}

function get({ host, port, path, tls }: GetOptions): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(TOTAL_MS_MAX);
  return new Promise((resolve, reject) => {
    const common = { host, port, path, method: 'GET', signal, agent: false } as const;
    // The certificate of a proxy names the proxy, not its address: the CA and the proxy's own checks decide.
    const request = tls
      ? requestHttps({ ...common, cert: tls.certPem, key: tls.keyPem, ca: tls.caPem, checkServerIdentity: () => undefined })
      : requestHttp(common);
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > BODY_BYTES_MAX) request.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks));
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    request.end();
  });
}

/** A config_dump with the tokens in it made unreadable. */
export function redactedDump(body: Uint8Array): Uint8Array {
  const dump = JSON.parse(Buffer.from(body).toString('utf8')) as Json;
  redact(dump);
  return Buffer.from(JSON.stringify(dump, null, 1));
}

function redact(value: Json): void {
  if (Array.isArray(value)) {
    for (const item of value) redact(item);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (typeof value.key === 'string' && value.key.toLowerCase() === 'authorization' && 'value' in value) value.value = '[redacted]';
  for (const item of Object.values(value)) redact(item);
}
