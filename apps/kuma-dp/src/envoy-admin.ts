import { request } from 'node:http';
import { parse } from 'yaml';

/** Where Envoy's admin endpoint listens: a Unix socket or a TCP address. */
export type AdminAddress = { readonly socketPath: string } | { readonly host: string; readonly port: number };

const TIMEOUT_MS = 2000;

/** Reads the admin address out of a bootstrap (JSON or YAML), or undefined where it has none. */
export function adminAddressOf(bootstrap: string): AdminAddress | undefined {
  const address = (
    parse(bootstrap) as {
      admin?: { address?: { pipe?: { path?: string }; socketAddress?: { address?: string; portValue?: number } } };
    } | null
  )?.admin?.address;
  if (address?.pipe?.path) return { socketPath: address.pipe.path };
  const socket = address?.socketAddress;
  return socket?.address && socket.portValue ? { host: socket.address, port: socket.portValue } : undefined;
}

/** Sends a request without a body to Envoy's admin endpoint; resolves with the status code. */
export function adminRequest(admin: AdminAddress, method: 'GET' | 'POST', path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...admin, method, path, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('timeout', () => sent.destroy(new Error('Envoy admin does not answer')));
    sent.on('error', reject);
    sent.end();
  });
}
