import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type TrafficTraceSpec, trafficTraceSchema } from './schema.js';
import { validateTrafficTrace } from './validate.js';

/** Where spans go, by tags; the form before MeshTrace. */
export const trafficTraceKind: ResourceDescriptor<TrafficTraceSpec> = defineKind<TrafficTraceSpec>({
  kind: 'TrafficTrace',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.TrafficTrace' },
  path: 'traffic-traces',
  cli: { singular: 'traffic-trace', plural: 'traffic-traces' },
  displayName: { singular: 'Traffic Trace', plural: 'Traffic Traces' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false, inspectable: true },
  schema: trafficTraceSchema,
  normalize: normalizeLegacyPolicy,
  validate: validateTrafficTrace,
  deprecations: () => [kindWithoutEffect('TrafficTrace')],
});
