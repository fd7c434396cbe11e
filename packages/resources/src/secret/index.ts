import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { bytesValue, message, protoSchema } from '../proto-json/index.js';
import type { SecretSpec } from '../specs/index.js';

/** A secret of a mesh. Reading one takes the admin role. */
export const secret: ResourceDescriptor<SecretSpec> = defineKind<SecretSpec>({
  kind: 'Secret',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.system.v1alpha1.Secret' },
  path: 'secrets',
  cli: { singular: 'secret', plural: 'secrets' },
  displayName: { singular: 'Secret', plural: 'Secrets' },
  write: { global: true, federatedZone: true },
  kds: { globalToZone: true, zoneToGlobal: false, skipHash: true },
  adminOnly: true,
  schema: protoSchema<SecretSpec>(message<SecretSpec>({ data: bytesValue })),
});
