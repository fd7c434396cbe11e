import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { z } from 'zod';
import { noEffectYet } from '../plugin/index.js';

const workloadSchema = z.object({});

/** The Dataplanes with one value of the label `kuma.io/workload`; all it tells is in its status. */
export const workload: ResourceDescriptor<Record<string, never>> = defineKind<Record<string, never>>({
  kind: 'Workload',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'workloads',
  cli: { singular: 'workload', plural: 'workloads' },
  shortName: 'wl',
  displayName: { singular: 'Workload', plural: 'Workloads' },
  write: { global: false, federatedZone: true },
  kds: { globalToZone: false, zoneToGlobal: true },
  hasStatus: true,
  zeroStatus: { dataplaneProxies: { connected: 0, healthy: 0, total: 0 } },
  schema: workloadSchema,
  deprecations: () => [noEffectYet('Workload')],
});
