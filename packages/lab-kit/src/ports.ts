import { createServer } from 'node:net';

/** Ports handed out by this process and perhaps not bound yet. */
const taken = new Set<string>();

/** The preferred port where it is free on that address, else any free one. */
export async function choosePort(preferred: number, address = '127.0.0.1'): Promise<number> {
  for (const candidate of [preferred, 0, 0, 0, 0, 0]) {
    const port = await tryBind(candidate, address);
    const key = `${address}:${port}`;
    if (port !== undefined && !taken.has(key)) {
      taken.add(key);
      return port;
    }
  }
  throw new Error(`no free port on ${address}`);
}

/** Whether this user may bind a port on an address right now. */
export async function mayBind(port: number, address: string): Promise<boolean> {
  return (await tryBind(port, address)) !== undefined;
}

function tryBind(port: number, address: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: address, exclusive: true }, () => {
      const bound = server.address();
      server.close(() => resolve(bound && typeof bound === 'object' ? bound.port : undefined));
    });
  });
}
