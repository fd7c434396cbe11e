import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { protoSchema } from '../proto-json/index.js';
import type { ZoneEgressInsightSpec } from '../specs/index.js';
import { zoneProxyInsightField } from '../specs/schemas.js';

/** State of a zone egress as its zone sees it. */
export const zoneEgressInsight: ResourceDescriptor<ZoneEgressInsightSpec> = defineKind<ZoneEgressInsightSpec>({
  kind: 'ZoneEgressInsight',
  scope: 'Global',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.ZoneEgressInsight' },
  path: 'zoneegressinsights',
  displayName: { singular: 'Zone Egress Insight', plural: 'Zone Egress Insights' },
  write: { global: false, federatedZone: false, never: true },
  kds: { globalToZone: false, zoneToGlobal: true },
  isInsight: true,
  schema: protoSchema<ZoneEgressInsightSpec>(zoneProxyInsightField),
});
