import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { map, message, protoSchema, uint32 } from '../proto-json/index.js';
import type { DataplaneStat, MeshInsightSpec } from '../specs/index.js';

const dataplaneStat = message<DataplaneStat>({ total: uint32, online: uint32, offline: uint32, partiallyDegraded: uint32 });
const total = map(message<{ total?: number }>({ total: uint32 }));

/** Counters of a mesh, named like it. */
export const meshInsight: ResourceDescriptor<MeshInsightSpec> = defineKind<MeshInsightSpec>({
  kind: 'MeshInsight',
  scope: 'Global',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.MeshInsight' },
  path: 'mesh-insights',
  displayName: { singular: 'Mesh Insight', plural: 'Mesh Insights' },
  write: { global: false, federatedZone: false, never: true },
  kds: { globalToZone: false, zoneToGlobal: false },
  isInsight: true,
  schema: protoSchema<MeshInsightSpec>(
    message<MeshInsightSpec>({
      dataplanes: dataplaneStat,
      policies: total,
      dpVersions: message<NonNullable<MeshInsightSpec['dpVersions']>>({ kumaDp: map(dataplaneStat), envoy: map(dataplaneStat) }),
      mTLS: message<NonNullable<MeshInsightSpec['mTLS']>>({ issuedBackends: map(dataplaneStat), supportedBackends: map(dataplaneStat) }),
      services: message<NonNullable<MeshInsightSpec['services']>>({ total: uint32, internal: uint32, external: uint32 }),
      dataplanesByType: message<NonNullable<MeshInsightSpec['dataplanesByType']>>({
        standard: dataplaneStat,
        gateway: dataplaneStat,
        gatewayBuiltin: dataplaneStat,
        gatewayDelegated: dataplaneStat,
      }),
      resources: total,
    }),
  ),
});
