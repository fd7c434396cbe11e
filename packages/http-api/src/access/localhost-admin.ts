import { type HostAndPort, isLoopback, parseHost } from './host-names.js';

/** What is known of a request before anybody is trusted. Header names in lower case. */
export interface Caller {
  readonly peerAddress: string;
  readonly encrypted: boolean;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip'] as const;
const SAME_SITE = new Set(['same-origin', 'none']);

/**
 * Whether a caller is on this machine and nobody speaks through it: every condition of
 * contract/rest-api.md §1 "Localhost admin" holds. A page of another site that makes a browser
 * call localhost fails the Host, Origin or Sec-Fetch-Site condition.
 */
export function isLocalAdmin(caller: Caller): boolean {
  const { headers } = caller;
  if (!isLoopback(caller.peerAddress)) return false;
  if (PROXY_HEADERS.some((name) => headers[name] !== undefined)) return false;
  const host = parseHost(single(headers.host));
  if (!host || !isLocalName(host.name)) return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && !SAME_SITE.has(single(site) ?? '')) return false;
  return headers.origin === undefined || isSameOrigin(single(headers.origin) ?? '', { host, encrypted: caller.encrypted });
}

function isLocalName(name: string): boolean {
  return name === 'localhost' || isLoopback(name);
}

function isSameOrigin(origin: string, self: { host: HostAndPort; encrypted: boolean }): boolean {
  const scheme = self.encrypted ? 'https' : 'http';
  const match = /^(https?):\/\/([^/?#\s]+)$/.exec(origin);
  const other = parseHost(match?.[2]);
  if (!match || match[1] !== scheme || !other) return false;
  const standard = self.encrypted ? '443' : '80';
  return other.name === self.host.name && (other.port ?? standard) === (self.host.port ?? standard);
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
