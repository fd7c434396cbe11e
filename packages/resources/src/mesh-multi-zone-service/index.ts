import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { destinationDeprecations } from '../destination/index.js';
import { noEffectYet } from '../plugin/index.js';
import { type MeshMultiZoneServiceSpec, meshMultiZoneServicePorts, meshMultiZoneServiceSchema } from './schema.js';
import { validateMeshMultiZoneService } from './validate.js';

const KIND = 'MeshMultiZoneService';

/** One service out of the MeshServices of several zones. */
export const meshMultiZoneService: ResourceDescriptor<MeshMultiZoneServiceSpec> = defineKind<MeshMultiZoneServiceSpec>({
  kind: KIND,
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshmultizoneservices',
  cli: { singular: 'meshmultizoneservice', plural: 'meshmultizoneservices' },
  shortName: 'mzsvc',
  displayName: { singular: 'Mesh Multi Zone Service', plural: 'Mesh Multi Zone Services' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  hasStatus: true,
  isDestination: true,
  destinationPorts: meshMultiZoneServicePorts,
  schema: meshMultiZoneServiceSchema,
  validate: validateMeshMultiZoneService,
  deprecations: (spec, context) => [
    ...destinationDeprecations({ kind: KIND, ports: meshMultiZoneServicePorts(spec) }, context),
    noEffectYet(KIND),
  ],
});
