import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** A `Host` or the authority of an `Origin`, taken apart. */
export interface HostAndPort {
  /** In lower case, without brackets. */
  readonly name: string;
  readonly port: string | undefined;
}

/** Reads `host`, `host:port` or `[v6]:port`; undefined for anything else and for impossible ports. */
export function parseHost(value: string | undefined): HostAndPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/@?#\s]+))(?::(\d{1,5}))?$/.exec(value ?? '');
  if (!match) return undefined;
  const port = match[3];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) return undefined;
  return { name: (match[1] ?? match[2] ?? '').toLowerCase(), port };
}

/** Whether an IP address is a loopback address, IPv4 in IPv6 included. */
export function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '').replace(/%.*$/, '');
  return isIP(plain) === 4 ? plain.startsWith('127.') : plain === '::1';
}

/** Names no stranger can register: addresses, names without a dot, and domains reserved for private use. */
const PRIVATE_NAME = /^[^.]+$|\.(localhost|local|internal|svc|cluster\.local|home\.arpa|test)\.?$/;
const OWN_NAME = hostname().toLowerCase();

/**
 * Whether a web page of a stranger cannot have led a browser here under this name (DNS rebinding): only
 * whoever owns a name decides which address it has.
 */
export function isOwnName(name: string, allowedHosts: readonly string[]): boolean {
  return isIP(name) !== 0 || PRIVATE_NAME.test(name) || name === OWN_NAME || isListed(name, allowedHosts);
}

/** Whether the API may be asked under this name where `apiServer.allowedHosts` says so; addresses and localhost always. */
export function isAllowedName(name: string, allowedHosts: readonly string[]): boolean {
  return allowedHosts.length === 0 || isIP(name) !== 0 || name === 'localhost' || isListed(name, allowedHosts);
}

function isListed(name: string, allowedHosts: readonly string[]): boolean {
  return allowedHosts.some((host) => host.toLowerCase() === name);
}
