import type { ControlPlane, Logger } from '@mesh/core';
import { GrpcControlPlane, internalCredentials } from '@mesh/grpc';
import { internalCertificates, type ServiceOptions } from '@mesh/runtime';

/** The control plane behind the API. */
export interface Connection {
  readonly controlPlane: ControlPlane;
  close(): Promise<void>;
}

/**
 * The control plane of the same process, or the one at `internal.controlPlaneAddress`, followed
 * from now on: what was read stays readable while it is away.
 */
export async function connect(options: ServiceOptions, log: Logger): Promise<Connection> {
  if (options.controlPlane) return { controlPlane: options.controlPlane, close: async () => {} };
  const address = options.config.internal.controlPlaneAddress;
  const controlPlane = new GrpcControlPlane({
    address,
    credentials: internalCredentials(await internalCertificates(options.config)).client,
    onConnection: (connected, error) => {
      if (connected) log.info({ address }, 'following the control plane');
      else log.warn({ address, reason: error?.public }, 'the control plane is away; reads go on, writes do not');
    },
    onListenerError: (err) => log.error({ err }, 'a listener of the view failed'),
  });
  controlPlane.start().catch((err: unknown) => log.error({ err }, 'following the control plane failed'));
  return { controlPlane, close: () => controlPlane.close() };
}
