import { type ControlPlane, type Logger, MeshError, messageOf } from '@mesh/core';
import { createGrpcServer, internalCredentials, serveControlPlane } from '@mesh/grpc';
import { internalCertificates, type KumaConfig } from '@mesh/runtime';

export interface ServeInternallyOptions {
  readonly config: KumaConfig;
  readonly controlPlane: ControlPlane;
  readonly log: Logger;
}

/** Serves a control plane to the other services of its deployment (KUMA_INTERNAL_PORT); returns how to stop. */
export async function serveInternally({ config, controlPlane, log }: ServeInternallyOptions): Promise<() => Promise<void>> {
  const { address, port } = config.internal;
  const server = createGrpcServer();
  serveControlPlane(server, controlPlane, { onError: (error) => log.error({ err: messageOf(error) }, 'an internal call failed') });
  const { server: credentials } = internalCredentials(await internalCertificates(config));
  const host = address.includes(':') ? `[${address}]` : address;
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, credentials, (cause) => {
      if (!cause) return resolve();
      reject(new MeshError('unavailable', { public: `cannot listen on ${host}:${port} (KUMA_INTERNAL_PORT): ${messageOf(cause)}`, cause }));
    });
  });
  return async () => {
    // Destroying a session from within its own teardown never returns: leave the present turn of the loop first.
    await new Promise((resolve) => setImmediate(resolve));
    server.forceShutdown();
  };
}
