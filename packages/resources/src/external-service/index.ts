import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { formatTags } from '../columns.js';
import { bool, boolValue, message, protoSchema, text, textValue } from '../proto-json/index.js';
import type { ExternalServiceSpec, ExternalServiceTls } from '../specs/index.js';
import { dataSourceField, tagsField } from '../specs/schemas.js';
import { validateExternalService } from './validate.js';

/** A service outside the mesh. */
export const externalService: ResourceDescriptor<ExternalServiceSpec> = defineKind<ExternalServiceSpec>({
  kind: 'ExternalService',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.ExternalService' },
  path: 'external-services',
  cli: { singular: 'external-service', plural: 'external-services' },
  displayName: { singular: 'External Service', plural: 'External Services' },
  write: { global: true, federatedZone: false },
  kds: { globalToZone: true, zoneToGlobal: false },
  schema: protoSchema<ExternalServiceSpec>(
    message<ExternalServiceSpec>({
      networking: message<NonNullable<ExternalServiceSpec['networking']>>({
        address: text,
        tls: message<ExternalServiceTls>({
          enabled: bool,
          caCert: dataSourceField,
          clientCert: dataSourceField,
          clientKey: dataSourceField,
          allowRenegotiation: boolValue,
          serverName: textValue,
          skipHostnameVerification: boolValue,
        }),
        disableHostDNSEntry: bool,
      }),
      tags: tagsField,
    }),
  ),
  validate: validateExternalService,
  columns: [
    { header: 'TAGS', value: ({ spec }) => formatTags([spec.tags ?? {}]) },
    { header: 'ADDRESS', value: ({ spec }) => spec.networking?.address ?? '' },
  ],
});
