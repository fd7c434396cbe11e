import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { kindWithoutEffect } from '../sdk/no-effect.js';
import { normalizeLegacyPolicy } from '../sdk/old-forms.js';
import { type VirtualOutboundSpec, virtualOutboundSchema } from './schema.js';
import { validateVirtualOutbound } from './validate.js';

/** Host names and ports of services, made from their tags. */
export const virtualOutboundKind: ResourceDescriptor<VirtualOutboundSpec> = defineKind<VirtualOutboundSpec>({
  kind: 'VirtualOutbound',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.VirtualOutbound' },
  path: 'virtual-outbounds',
  cli: { singular: 'virtual-outbound', plural: 'virtual-outbounds' },
  displayName: { singular: 'Virtual Outbound', plural: 'Virtual Outbounds' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  policy: { isTargetRef: false },
  schema: virtualOutboundSchema,
  normalize: normalizeLegacyPolicy,
  validate: validateVirtualOutbound,
  deprecations: () => [kindWithoutEffect('VirtualOutbound')],
});
