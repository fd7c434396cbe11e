import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type TrafficPermissionSpec, trafficPermissionSchema } from './schema.js';
import { validateTrafficPermission } from './validate.js';

/** Which services may call which, by tags; the form before MeshTrafficPermission. */
export const trafficPermissionKind: ResourceDescriptor<TrafficPermissionSpec> = defineKind<TrafficPermissionSpec>({
  kind: 'TrafficPermission',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.TrafficPermission' },
  path: 'traffic-permissions',
  cli: { singular: 'traffic-permission', plural: 'traffic-permissions' },
  displayName: { singular: 'Traffic Permission', plural: 'Traffic Permissions' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false, inspectable: true },
  schema: trafficPermissionSchema,
  normalize: normalizeLegacyPolicy,
  validate: validateTrafficPermission,
});
