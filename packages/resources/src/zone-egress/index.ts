import { defineKind, LABEL_PROXY_TYPE, type ResourceDescriptor, type Violations } from '@mesh/core';
import { message, protoSchema, text, uint32 } from '../proto-json/index.js';
import type { ZoneEgressSpec } from '../specs/index.js';
import { envoyAdminField } from '../specs/schemas.js';
import { checkAdminPort, checkOptionalAddress, checkPort } from '../validation/index.js';
import { normalizeZoneProxy } from '../validation/old-zone-proxy.js';

/** Where traffic to other zones and to external services leaves a zone. */
export const zoneEgress: ResourceDescriptor<ZoneEgressSpec> = defineKind<ZoneEgressSpec>({
  kind: 'ZoneEgress',
  scope: 'Global',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.ZoneEgress' },
  path: 'zoneegresses',
  cli: { singular: 'zoneegress', plural: 'zoneegresses' },
  shortName: 'ze',
  displayName: { singular: 'Zone Egress', plural: 'Zone Egresses' },
  write: { global: false, federatedZone: true },
  kds: { globalToZone: false, zoneToGlobal: true },
  insightKind: 'ZoneEgressInsight',
  overviewAliases: ['zoneegressoverviews'],
  isProxy: true,
  schema: protoSchema<ZoneEgressSpec>(
    message<ZoneEgressSpec>({
      zone: text,
      networking: message<NonNullable<ZoneEgressSpec['networking']>>({ address: text, port: uint32, admin: envoyAdminField }),
    }),
  ),
  normalize: normalizeZoneProxy,
  validate: validateZoneEgress,
  computedLabels: () => ({ [LABEL_PROXY_TYPE]: 'zoneegress' }),
});

function validateZoneEgress({ networking = {} }: ZoneEgressSpec, violations: Violations): void {
  const at = violations.field('networking');
  checkAdminPort(networking, at);
  checkOptionalAddress(networking.address, at.field('address'));
  checkPort(networking.port, at.field('port'));
}
