import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { protoSchema } from '../proto-json/index.js';
import type { ZoneIngressInsightSpec } from '../specs/index.js';
import { zoneProxyInsightField } from '../specs/schemas.js';

/** State of a zone ingress as its zone sees it. */
export const zoneIngressInsight: ResourceDescriptor<ZoneIngressInsightSpec> = defineKind<ZoneIngressInsightSpec>({
  kind: 'ZoneIngressInsight',
  scope: 'Global',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.ZoneIngressInsight' },
  path: 'zone-ingress-insights',
  displayName: { singular: 'Zone Ingress Insight', plural: 'Zone Ingress Insights' },
  write: { global: false, federatedZone: false, never: true },
  kds: { globalToZone: false, zoneToGlobal: true },
  isInsight: true,
  schema: protoSchema<ZoneIngressInsightSpec>(zoneProxyInsightField),
});
