import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { bool, message, protoSchema, repeated, struct, text, timestamp, uint32 } from '../proto-json/index.js';
import type { DataplaneInsightMtls, DataplaneInsightSpec, OpenTelemetryBackendStatus, OpenTelemetrySignal } from '../specs/index.js';
import { discoverySubscriptionField } from '../specs/schemas.js';

const signal = message<OpenTelemetrySignal>({
  enabled: bool,
  envAllowed: bool,
  envInputPresent: bool,
  state: text,
  overrideKinds: repeated(text),
  missingFields: repeated(text),
  blockedReasons: repeated(text),
});

/** State of a Dataplane as its zone sees it. */
export const dataplaneInsight: ResourceDescriptor<DataplaneInsightSpec> = defineKind<DataplaneInsightSpec>({
  kind: 'DataplaneInsight',
  scope: 'Mesh',
  shape: 'legacy',
  wire: { proto: 'kuma.mesh.v1alpha1.DataplaneInsight' },
  path: 'dataplane-insights',
  displayName: { singular: 'Dataplane Insight', plural: 'Dataplane Insights' },
  write: { global: false, federatedZone: false, never: true },
  kds: { globalToZone: false, zoneToGlobal: true },
  isInsight: true,
  schema: protoSchema<DataplaneInsightSpec>(
    message<DataplaneInsightSpec>({
      subscriptions: repeated(discoverySubscriptionField),
      mTLS: message<DataplaneInsightMtls>({
        certificateExpirationTime: timestamp,
        lastCertificateRegeneration: timestamp,
        certificateRegenerations: uint32,
        issuedBackend: text,
        supportedBackends: repeated(text),
      }),
      metadata: struct,
      openTelemetry: message<NonNullable<DataplaneInsightSpec['openTelemetry']>>({
        backends: repeated(message<OpenTelemetryBackendStatus>({ name: text, traces: signal, logs: signal, metrics: signal })),
      }),
    }),
  ),
});
