import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { destinationDeprecations } from '../destination/index.js';
import { noEffectYet } from '../plugin/index.js';
import { type MeshExternalServiceSpec, meshExternalServicePorts, meshExternalServiceSchema } from './schema.js';
import { validateMeshExternalService } from './validate.js';

const KIND = 'MeshExternalService';

/** A service outside the mesh, reached through zone egresses. */
export const meshExternalService: ResourceDescriptor<MeshExternalServiceSpec> = defineKind<MeshExternalServiceSpec>({
  kind: KIND,
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshexternalservices',
  cli: { singular: 'meshexternalservice', plural: 'meshexternalservices' },
  shortName: 'extsvc',
  displayName: { singular: 'Mesh External Service', plural: 'Mesh External Services' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true },
  hasStatus: true,
  zeroStatus: { vip: {} },
  isDestination: true,
  destinationPorts: meshExternalServicePorts,
  nameLengthMax: 63,
  schema: meshExternalServiceSchema,
  validate: validateMeshExternalService,
  deprecations: (spec, context) => [
    ...destinationDeprecations({ kind: KIND, ports: meshExternalServicePorts(spec) }, context),
    noEffectYet(KIND),
  ],
});
