import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type TrafficLogSpec, trafficLogSchema } from './schema.js';
import { validateTrafficLog } from './validate.js';

/** Where traffic is logged, by tags; the form before MeshAccessLog. */
export const trafficLogKind: ResourceDescriptor<TrafficLogSpec> = defineKind<TrafficLogSpec>({
  kind: 'TrafficLog',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.TrafficLog' },
  path: 'traffic-logs',
  cli: { singular: 'traffic-log', plural: 'traffic-logs' },
  displayName: { singular: 'Traffic Log', plural: 'Traffic Logs' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false, inspectable: true },
  schema: trafficLogSchema,
  normalize: normalizeLegacyPolicy,
  validate: validateTrafficLog,
  deprecations: () => [kindWithoutEffect('TrafficLog')],
});
