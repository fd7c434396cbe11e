import { isDns1123Subdomain, type Violations } from '@mesh/core';
import ipaddr from 'ipaddr.js';

/** Reports a port outside 1-65535; an absent port counts as 0. */
export function checkPort(port: number | undefined, violations: Violations): void {
  if (!isPort(port)) violations.add('port must be in the range [1, 65535]');
}

/** Whether a number is a port that can be listened on. */
export function isPort(port: number | undefined): boolean {
  return port !== undefined && port >= 1 && port <= 65535;
}

/** Whether the text is an IPv4 address of four parts, or an IPv6 address. */
export function isIp(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

/** Whether the text is a host name: letters, digits, hyphens and dots. */
export function isDnsName(text: string): boolean {
  return isDns1123Subdomain(text.toLowerCase());
}

/** Reports an address that is neither an IP address nor a host name, or that stands for all addresses. */
export function checkAddress(address: string | undefined, violations: Violations): void {
  if (address === undefined || address === '') {
    violations.add("address can't be empty");
  } else if (address === '0.0.0.0' || address === '::') {
    violations.add('must not be 0.0.0.0 or ::');
  } else if (!isIp(address) && !isDnsName(address)) {
    violations.add('address has to be valid IP address or domain name');
  }
}

/** Host and port of `host:port`; IPv6 hosts stand in brackets. Undefined where there is no port part. */
export function splitHostPort(text: string): { host: string; port: string } | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  return match ? { host: match[1] ?? match[2] ?? '', port: match[3] ?? '' } : undefined;
}
