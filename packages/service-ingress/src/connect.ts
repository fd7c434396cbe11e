import type { ControlPlane, Logger } from '@mesh/core';
import { GrpcControlPlane, internalCredentials } from '@mesh/grpc';
import { policyKinds } from '@mesh/policies';
import { internalCertificates, type ServiceOptions } from '@mesh/runtime';

/** The control plane of the zone, and how to let go of it. */
export interface ConnectedControlPlane {
  readonly controlPlane: ControlPlane;
  close(): Promise<void>;
}

/** What zone proxies are made of. Secrets of meshes are not: their keys stay where certificates are issued. */
const KINDS: readonly string[] = [
  'Mesh',
  'Dataplane',
  'ZoneIngress',
  'ZoneEgress',
  'ExternalService',
  'Config',
  'ServiceInsight',
  'ZoneIngressInsight',
  'ZoneEgressInsight',
  'GlobalSecret',
  ...policyKinds.map((policy) => policy.kind),
];

/**
 * The control plane this service belongs to: the one in this process, else the one at
 * `internal.controlPlaneAddress`. Waits for the first complete view; later interruptions leave the
 * last one in place.
 */
export async function connectControlPlane(options: ServiceOptions, signal: AbortSignal): Promise<ConnectedControlPlane> {
  const { config, log } = options;
  if (options.controlPlane) return { controlPlane: options.controlPlane, close: async () => {} };
  const controlPlane = new GrpcControlPlane({
    address: config.internal.controlPlaneAddress,
    credentials: internalCredentials(await internalCertificates(config)).client,
    kinds: KINDS,
    onConnection: (connected, error) => logConnection(log, connected, error?.public),
    onListenerError: (error) => log.error({ err: error }, 'a listener of the view failed'),
  });
  try {
    await controlPlane.start(signal);
  } catch (error) {
    await controlPlane.close();
    throw error;
  }
  return { controlPlane, close: () => controlPlane.close() };
}

function logConnection(log: Logger, connected: boolean, reason: string | undefined): void {
  if (connected) log.info({}, 'in step with the control plane');
  else log.warn({ reason }, 'the control plane is away: going on with the last state');
}
