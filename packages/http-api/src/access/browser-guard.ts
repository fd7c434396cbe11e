import { MeshError } from '@mesh/core';
import { isOriginAllowed } from './cors.js';
import { isAllowedName, isOwnName, parseHost } from './host-names.js';
import { ANONYMOUS, type Identity } from './identity.js';

/** Facts of a request that tell whether a page of a stranger may have made a browser send it. */
export interface GuardedRequest {
  readonly method: string;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What the operator allows. */
export interface GuardOptions {
  readonly allowedHosts: readonly string[];
  readonly corsAllowedDomains: readonly string[];
}

const DEFAULT_PORT: Readonly<Record<string, string>> = { http: '80', https: '443' };

/** Throws `forbidden` for a `Host` the API is not served under (`apiServer.allowedHosts`). */
export function requireAllowedHost({ headers }: GuardedRequest, { allowedHosts }: GuardOptions): void {
  if (allowedHosts.length === 0) return;
  const host = parseHost(single(headers.host));
  if (host && isAllowedName(host.name, allowedHosts)) return;
  throw new MeshError('forbidden', {
    public: 'the API is not served under the name in the Host header',
    hint: 'apiServer.allowedHosts lists the names',
  });
}

/**
 * Throws `forbidden` for a write that a page of another origin sends, and for one without credential that
 * comes under a name which may be a stranger's.
 */
export function requireOwnWrite(request: GuardedRequest, identity: Identity, options: GuardOptions): void {
  if (request.method === 'GET' || request.method === 'OPTIONS' || request.method === 'HEAD') return;
  const { headers } = request;
  const origin = single(headers.origin);
  if (origin === undefined ? headers['sec-fetch-site'] === 'cross-site' : !isOwnOrigin(origin, headers, options)) {
    throw new MeshError('forbidden', {
      public: 'pages of other origins may not write',
      hint: 'apiServer.corsAllowedDomains lists the origins that may',
    });
  }
  const host = parseHost(single(headers.host));
  if (identity !== ANONYMOUS || (host && isOwnName(host.name, options.allowedHosts))) return;
  throw new MeshError('forbidden', {
    public: 'writes without a credential are not taken under the name in the Host header',
    hint: 'apiServer.allowedHosts lists the names under which they are',
  });
}

/** The scheme is not compared: whoever ends TLS before this server speaks plain HTTP to it. */
function isOwnOrigin(origin: string, headers: GuardedRequest['headers'], { corsAllowedDomains }: GuardOptions): boolean {
  if (isOriginAllowed(corsAllowedDomains, origin)) return true;
  const match = /^(https?):\/\/([^/?#\s]+)$/.exec(origin);
  const from = parseHost(match?.[2]);
  const host = parseHost(single(headers.host));
  if (!match || !from || !host) return false;
  const standard = DEFAULT_PORT[match[1] ?? ''];
  return from.name === host.name && (from.port ?? standard) === (host.port ?? standard);
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
