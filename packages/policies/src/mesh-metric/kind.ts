import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshMetricSpec, meshMetricSchema } from './schema.js';
import { meshMetricDeprecations, validateMeshMetric } from './validate.js';

/** Which metrics proxies and applications publish, and to whom. */
export const meshMetricKind: ResourceDescriptor<MeshMetricSpec> = defineKind<MeshMetricSpec>({
  kind: 'MeshMetric',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshmetrics',
  cli: { singular: 'meshmetric', plural: 'meshmetrics' },
  shortName: 'mm',
  displayName: { singular: 'Mesh Metric', plural: 'Mesh Metrics' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  hasStatus: true,
  policy: { isTargetRef: true, inspectable: true },
  schema: meshMetricSchema,
  validate: validateMeshMetric,
  deprecations: meshMetricDeprecations,
});
