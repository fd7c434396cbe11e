import type { ControlPlane, Logger } from '@mesh/core';
import { GrpcControlPlane, internalCredentials } from '@mesh/grpc/control-plane';
import { internalCertificates, type ServiceOptions } from '@mesh/runtime';

/** The control plane a service works for. */
export interface ControlPlaneConnection {
  readonly controlPlane: ControlPlane;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly log: Logger;
  /** Kinds to follow; all where absent. */
  readonly kinds?: readonly string[];
}

/**
 * The control plane of the same process (`kuma-cp`), or the one at `internal.controlPlaneAddress`,
 * followed from now on without waiting for it: what was read stays readable while it is away.
 */
export async function connectControlPlane(options: ServiceOptions, { log, kinds }: ConnectOptions): Promise<ControlPlaneConnection> {
  if (options.controlPlane) return { controlPlane: options.controlPlane, close: async () => {} };
  const address = options.config.internal.controlPlaneAddress;
  const controlPlane = new GrpcControlPlane({
    address,
    credentials: internalCredentials(await internalCertificates(options.config)).client,
    ...(kinds ? { kinds } : {}),
    onConnection: (connected, error) => {
      if (connected) log.info({ address }, 'following the control plane');
      else log.warn({ address, reason: error?.public }, 'the control plane is away; its last state stays in use');
    },
    onListenerError: (err) => log.error({ err }, 'a listener of the view failed'),
  });
  controlPlane.start().catch((err: unknown) => log.error({ err }, 'following the control plane failed'));
  return { controlPlane, close: () => controlPlane.close() };
}
