import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshTrafficPermissionSpec, meshTrafficPermissionSchema } from './schema.js';
import { normalizeActions, permissionDeprecations, validateMeshTrafficPermission } from './validate.js';

/** Who may call an inbound; without any, nobody may while mTLS is on. */
export const meshTrafficPermissionKind: ResourceDescriptor<MeshTrafficPermissionSpec> = defineKind<MeshTrafficPermissionSpec>({
  kind: 'MeshTrafficPermission',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshtrafficpermissions',
  cli: { singular: 'meshtrafficpermission', plural: 'meshtrafficpermissions' },
  shortName: 'mtp',
  displayName: { singular: 'Mesh Traffic Permission', plural: 'Mesh Traffic Permissions' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, hasFrom: true, hasRules: true, inspectable: true },
  schema: meshTrafficPermissionSchema,
  normalize: normalizeActions,
  validate: validateMeshTrafficPermission,
  deprecations: permissionDeprecations,
});
