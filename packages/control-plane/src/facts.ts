import type { ControlPlaneInfo } from '@mesh/core';
import type { ControlPlaneFacts } from '@mesh/resources';
import type { KumaConfig } from '@mesh/runtime';
import type { Instance } from './instance.js';

/** What the write rules must know of this control plane. */
export function factsOf(config: KumaConfig): ControlPlaneFacts {
  const zone = config.mode === 'zone' ? config.multizone.zone.name : '';
  return {
    mode: config.mode,
    zone,
    federated: isFederated(config),
    environment: config.environment,
    readOnly: config.apiServer.readOnly,
    unsafeDelete: config.store.unsafeDelete,
    disableOriginLabelValidation: config.multizone.zone.disableOriginLabelValidation,
  };
}

/** A zone with a global: policies come from there. */
export function isFederated(config: KumaConfig): boolean {
  return config.mode === 'zone' && config.multizone.zone.globalAddress !== '';
}

/** What the control plane tells of itself. */
export function infoOf(
  config: KumaConfig,
  running: { readonly instance: Instance; readonly storeType: 'memory' | 'postgres' },
): ControlPlaneInfo {
  const { mode, zone, federated, environment } = factsOf(config);
  return {
    mode,
    zone,
    federated,
    environment,
    storeType: running.storeType,
    instanceId: running.instance.id,
    hostname: running.instance.hostname,
    readOnly: config.apiServer.readOnly,
  };
}
