import type { ControlPlane, Logger, Runner } from '@mesh/core';
import type { KumaConfig } from './config/index.js';
import type { Health } from './health.js';
import type { Metrics } from './metrics.js';

/**
 * What every service module is given. Each service package exports a Nest module with
 * `static forRoot(options: ServiceOptions): DynamicModule` that provides its `Runner` under
 * `SERVICE_RUNNER`.
 */
export interface ServiceOptions {
  readonly config: KumaConfig;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Set where the owner of the state runs in the same process (kuma-cp); else the service dials it. */
  readonly controlPlane?: ControlPlane;
}

/** Injection token of a service module's runner. */
export const SERVICE_RUNNER = Symbol('SERVICE_RUNNER');

/** The runner of a control plane service also offers the port the other services of its deployment use. */
export interface ControlPlaneRunner extends Runner {
  readonly controlPlane: ControlPlane;
}
