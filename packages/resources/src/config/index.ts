import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { message, protoSchema, text } from '../proto-json/index.js';
import type { ConfigSpec } from '../specs/index.js';

/** A value the control planes share (`kuma-cluster-id`); no REST path. */
export const config: ResourceDescriptor<ConfigSpec> = defineKind<ConfigSpec>({
  kind: 'Config',
  scope: 'Global',
  shape: 'legacy',
  wire: { proto: 'kuma.system.v1alpha1.Config' },
  displayName: { singular: 'Config', plural: 'Configs' },
  write: { global: false, federatedZone: false, never: true },
  kds: { globalToZone: true, zoneToGlobal: false, skipHash: true },
  schema: protoSchema<ConfigSpec>(message<ConfigSpec>({ config: text })),
});
