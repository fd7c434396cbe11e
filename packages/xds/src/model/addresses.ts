import ipaddr from 'ipaddr.js';

/** True for an IPv4 or IPv6 literal. */
export function isIp(text: string): boolean {
  return ipaddr.isValid(text);
}

/** True for 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === 'loopback';
}

/**
 * The address to put into an endpoint: literals as they are, names as the caller resolved them.
 * Undefined where a name has not been resolved.
 */
export function resolveAddress(address: string, resolved: ReadonlyMap<string, string>): string | undefined {
  return isIp(address) ? address : resolved.get(address);
}
