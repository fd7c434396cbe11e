import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { enumOf, map, message, protoSchema, repeated, text, uint32 } from '../proto-json/index.js';
import type { ServiceInsightService, ServiceInsightSpec } from '../specs/index.js';

/** State of all services of a mesh: one resource, `all-services-<mesh>`. */
export const serviceInsight: ResourceDescriptor<ServiceInsightSpec> = defineKind<ServiceInsightSpec>({
  kind: 'ServiceInsight',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.ServiceInsight' },
  path: 'service-insights',
  displayName: { singular: 'Service Insight', plural: 'Service Insights' },
  write: { global: false, federatedZone: false, never: true },
  kds: { globalToZone: true, zoneToGlobal: false },
  isInsight: true,
  schema: protoSchema<ServiceInsightSpec>(
    message<ServiceInsightSpec>({
      services: map(
        message<ServiceInsightService>({
          status: enumOf('kuma.mesh.v1alpha1.ServiceInsight.Service.Status', [
            'none',
            'offline',
            'partially_degraded',
            'online',
            'not_available',
          ]),
          dataplanes: message<NonNullable<ServiceInsightService['dataplanes']>>({ total: uint32, online: uint32, offline: uint32 }),
          issuedBackends: map(uint32),
          serviceType: enumOf('kuma.mesh.v1alpha1.ServiceInsight.Service.Type', [
            'internal',
            'external',
            'gateway_delegated',
            'gateway_builtin',
          ]),
          addressPort: text,
          zones: repeated(text),
        }),
      ),
    }),
  ),
});
