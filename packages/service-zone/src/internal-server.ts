import type { ControlPlane, Logger } from '@mesh/core';
import { MeshError, messageOf } from '@mesh/core';
import { createGrpcServer, internalCredentials, serveControlPlane } from '@mesh/grpc';
import { internalCertificates, type KumaConfig } from '@mesh/runtime';

export interface InternalServerOptions {
  readonly config: KumaConfig;
  readonly controlPlane: ControlPlane;
  readonly log: Logger;
}

/** Serves the control plane to the other services of the deployment; returns how to stop. */
export async function serveInternally({ config, controlPlane, log }: InternalServerOptions): Promise<() => Promise<void>> {
  const { address, port } = config.internal;
  const server = createGrpcServer();
  serveControlPlane(server, controlPlane, { onError: (error) => log.error({ error: messageOf(error) }, 'an internal call failed') });
  const { server: credentials } = internalCredentials(await internalCertificates(config));
  const host = address.includes(':') ? `[${address}]` : address;
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, credentials, (cause) => {
      if (!cause) return resolve();
      reject(new MeshError('unavailable', { public: `cannot listen on ${host}:${port} (KUMA_INTERNAL_PORT): ${messageOf(cause)}`, cause }));
    });
  });
  return async () => server.forceShutdown();
}
