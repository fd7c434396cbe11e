import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { type MeshTlsSpec, meshTlsSchema } from './schema.js';
import { meshTlsDeprecations, validateMeshTls } from './validate.js';

/** Whether plaintext is let in, and which TLS versions and ciphers are spoken. */
export const meshTlsKind: ResourceDescriptor<MeshTlsSpec> = defineKind<MeshTlsSpec>({
  kind: 'MeshTLS',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshtlses',
  cli: { singular: 'meshtls', plural: 'meshtlses' },
  shortName: 'mtls',
  displayName: { singular: 'Mesh TLS', plural: 'Mesh TLSes' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true, crossZone: 'producer' },
  policy: { isTargetRef: true, hasFrom: true, hasRules: true, fromAsRules: true, inspectable: true },
  schema: meshTlsSchema,
  validate: validateMeshTls,
  deprecations: meshTlsDeprecations,
});
