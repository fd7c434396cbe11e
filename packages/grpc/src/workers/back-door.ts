import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Ways into the main process for what workers do not serve themselves. */
export interface BackDoor {
  /** Paths of Unix sockets. */
  readonly http: string;
  readonly grpc: string;
  close(): Promise<void>;
}

/** Opens Unix sockets in a directory that nobody else may enter, for connections without TLS. */
export async function openBackDoor(serve: { http(socket: Socket): void; grpc(socket: Socket): void }): Promise<BackDoor> {
  const directory = await mkdtemp(join(tmpdir(), 'mesh-workers-'));
  const [http, grpc] = [join(directory, 'http'), join(directory, 'grpc')];
  const servers = await Promise.all([open(http, serve.http), open(grpc, serve.grpc)]);
  return {
    http,
    grpc,
    close: async () => {
      for (const server of servers) server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function open(path: string, serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}
