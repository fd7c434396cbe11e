import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { noEffectYet } from '../plugin/index.js';
import { type HostnameGeneratorSpec, hostnameGeneratorSchema } from './schema.js';
import { validateHostnameGenerator } from './validate.js';

/** Host names for services, made by a template. */
export const hostnameGenerator: ResourceDescriptor<HostnameGeneratorSpec> = defineKind<HostnameGeneratorSpec>({
  kind: 'HostnameGenerator',
  scope: 'Global',
  shape: 'plugin',
  wire: 'json',
  path: 'hostnamegenerators',
  cli: { singular: 'hostnamegenerator', plural: 'hostnamegenerators' },
  shortName: 'hg',
  displayName: { singular: 'Hostname Generator', plural: 'Hostname Generators' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: true },
  schema: hostnameGeneratorSchema,
  validate: validateHostnameGenerator,
  deprecations: () => [noEffectYet('HostnameGenerator')],
});
