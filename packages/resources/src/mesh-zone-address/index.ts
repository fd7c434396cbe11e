import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { noEffectYet } from '../plugin/index.js';
import { type MeshZoneAddressSpec, meshZoneAddressSchema } from './schema.js';

/** Where other zones reach the services of a mesh in this zone. */
export const meshZoneAddress: ResourceDescriptor<MeshZoneAddressSpec> = defineKind<MeshZoneAddressSpec>({
  kind: 'MeshZoneAddress',
  scope: 'Mesh',
  shape: 'plugin',
  wire: 'json',
  path: 'meshzoneaddresses',
  cli: { singular: 'meshzoneaddress', plural: 'meshzoneaddresses' },
  shortName: 'mza',
  displayName: { singular: 'Mesh Zone Address', plural: 'Mesh Zone Addresses' },
  write: { global: false, federatedZone: true },
  kds: { globalToZone: false, zoneToGlobal: true, crossZone: 'always' },
  schema: meshZoneAddressSchema,
  deprecations: () => [noEffectYet('MeshZoneAddress')],
});
