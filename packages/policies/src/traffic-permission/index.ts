import { definePolicy, type PolicyDescriptor } from '@mesh/xds';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { trafficPermissionPlugin } from './plugin.js';
import { type TrafficPermissionSpec, trafficPermissionSchema } from './schema.js';
import { validateTrafficPermission } from './validate.js';

/** Which services may call which, by tags; the form before MeshTrafficPermission. */
export const trafficPermission: PolicyDescriptor<TrafficPermissionSpec> = definePolicy<TrafficPermissionSpec>({
  kind: 'TrafficPermission',
  order: 50,
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
  plugin: trafficPermissionPlugin,
});
