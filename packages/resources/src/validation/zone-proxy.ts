import { isDns1123Subdomain, type Violations } from '@mesh/core';
import { isIp } from './address.js';

/** Reports a bad address of a zone proxy; an empty one is fine. The last part of the path is doubled on the wire. */
export function checkOptionalAddress(address: string | undefined, at: Violations): void {
  if (!address) return;
  const doubled = at.field('address');
  if (address === '0.0.0.0' || address === '::') doubled.add('must not be 0.0.0.0 or ::');
  else if (!isIp(address) && !isDns1123Subdomain(address.toLowerCase())) doubled.add('address has to be valid IP address or domain name');
}

/** Reports an admin port equal to the port of the proxy, where both are on the loopback. */
export function checkAdminPort(networking: { admin?: { port?: number }; address?: string; port?: number }, at: Violations): void {
  const { admin, address, port } = networking;
  if (admin?.port !== undefined && address === '127.0.0.1' && admin.port === port)
    at.field('admin').field('port').add('must differ from port');
}
