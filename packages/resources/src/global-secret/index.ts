import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { bytesValue, message, protoSchema } from '../proto-json/index.js';
import type { SecretSpec } from '../specs/index.js';

/** A secret of the deployment. Reading one takes the admin role. */
export const globalSecret: ResourceDescriptor<SecretSpec> = defineKind<SecretSpec>({
  kind: 'GlobalSecret',
  scope: 'Global',
  shape: 'legacy',
  wire: { proto: 'kuma.system.v1alpha1.Secret' },
  path: 'globalsecrets',
  pathAliases: ['global-secrets'],
  cli: { singular: 'globalsecret', plural: 'globalsecrets', aliases: ['global-secret', 'global-secrets'] },
  displayName: { singular: 'Global Secret', plural: 'Global Secrets' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: false, skipHash: true },
  adminOnly: true,
  schema: protoSchema<SecretSpec>(message<SecretSpec>({ data: bytesValue })),
});
