import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { destinationDeprecations } from '../destination/index.js';
import { noEffectYet } from '../plugin/index.js';
import { type MeshServiceSpec, meshServicePorts, meshServiceSchema } from './schema.js';
import { meshServiceDeprecations, validateMeshService } from './validate.js';

const KIND = 'MeshService';

/** A service of one zone: the Dataplanes that offer it, and its ports. */
export const meshService: ResourceDescriptor<MeshServiceSpec> = defineKind<MeshServiceSpec>({
  kind: KIND,
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshservices',
  cli: { singular: 'meshservice', plural: 'meshservices' },
  shortName: 'msvc',
  displayName: { singular: 'Mesh Service', plural: 'Mesh Services' },
  write: { global: false, federatedZone: true },
  kds: { globalToZone: false, zoneToGlobal: true, crossZone: 'always' },
  hasStatus: true,
  zeroStatus: { tls: {}, dataplaneProxies: {} },
  isDestination: true,
  destinationPorts: meshServicePorts,
  nameLengthMax: 63,
  schema: meshServiceSchema,
  validate: validateMeshService,
  deprecations: (spec, context) => [
    ...destinationDeprecations({ kind: KIND, ports: meshServicePorts(spec) }, context),
    ...meshServiceDeprecations(spec),
    noEffectYet(KIND),
  ],
});
