import { defineKind, LABEL_PROXY_TYPE, type ResourceDescriptor, type Violations } from '@mesh/core';
import { bool, message, protoSchema, repeated, text, uint32 } from '../proto-json/index.js';
import type { AvailableService, ZoneIngressNetworking, ZoneIngressSpec } from '../specs/index.js';
import { envoyAdminField, tagsField } from '../specs/schemas.js';
import { checkAdminPort, checkOptionalAddress, checkPort, checkServiceTag, checkTagCharacters } from '../validation/index.js';
import { normalizeZoneProxy } from '../validation/old-zone-proxy.js';

/** Where traffic of other zones enters a zone. */
export const zoneIngress: ResourceDescriptor<ZoneIngressSpec> = defineKind<ZoneIngressSpec>({
  kind: 'ZoneIngress',
  scope: 'Global',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.ZoneIngress' },
  path: 'zoneingresses',
  pathAliases: ['zone-ingresses'],
  cli: { singular: 'zoneingress', plural: 'zoneingresses', aliases: ['zone-ingress', 'zone-ingresses'] },
  shortName: 'zi',
  displayName: { singular: 'Zone Ingress', plural: 'Zone Ingresses' },
  write: { global: false, federatedZone: true },
  kds: { globalToZone: false, zoneToGlobal: true, crossZone: 'always' },
  insightKind: 'ZoneIngressInsight',
  overviewAliases: ['zoneingresses+insights'],
  isProxy: true,
  schema: protoSchema<ZoneIngressSpec>(
    message<ZoneIngressSpec>({
      zone: text,
      networking: message<ZoneIngressNetworking>({
        address: text,
        advertisedAddress: text,
        port: uint32,
        advertisedPort: uint32,
        admin: envoyAdminField,
      }),
      availableServices: repeated(message<AvailableService>({ tags: tagsField, instances: uint32, mesh: text, externalService: bool })),
    }),
  ),
  normalize: normalizeZoneProxy,
  validate: validateZoneIngress,
  computedLabels: () => ({ [LABEL_PROXY_TYPE]: 'zoneingress' }),
});

function validateZoneIngress({ networking = {}, availableServices }: ZoneIngressSpec, violations: Violations): void {
  const at = violations.field('networking');
  checkAdminPort(networking, at);
  if (networking.advertisedAddress && !networking.advertisedPort)
    at.field('advertisedPort').add('has to be defined with advertisedAddress');
  if (!networking.advertisedAddress && networking.advertisedPort)
    at.field('advertisedAddress').add('has to be defined with advertisedPort');
  checkOptionalAddress(networking.address, at.field('address'));
  checkOptionalAddress(networking.advertisedAddress, at.field('advertisedAddress'));
  checkPort(networking.port, at.field('port'));
  if (networking.advertisedPort !== undefined) checkPort(networking.advertisedPort, at.field('advertisedPort'));
  availableServices?.forEach((service, i) => {
    // The path is spelled like this on the wire.
    const tags = violations.field('availableService').index(i).field('tags');
    checkTagCharacters(service.tags ?? {}, tags);
    checkServiceTag(service.tags, tags);
  });
}
