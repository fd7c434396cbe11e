import { defineKind, type ResourceDescriptor } from '@mesh/core';
import { bool, map, message, protoSchema, repeated, text, timestamp, uint32, wrapper } from '../proto-json/index.js';
import type {
  KdsStream,
  KdsSubscription,
  KdsSubscriptionStatus,
  KumaCpVersion,
  SyncDirection,
  SyncRefusal,
  SyncStatus,
  ZoneInsightSpec,
} from '../specs/index.js';
import { serviceStatsField } from '../specs/schemas.js';

const subscription = message<KdsSubscription>({
  id: text,
  globalInstanceId: text,
  connectTime: timestamp,
  disconnectTime: timestamp,
  status: message<KdsSubscriptionStatus>({ lastUpdateTime: timestamp, total: serviceStatsField, stat: map(serviceStatsField) }),
  version: message<NonNullable<KdsSubscription['version']>>({
    kumaCp: message<KumaCpVersion>({ version: text, gitTag: text, gitCommit: text, buildDate: text, kumaCpGlobalCompatible: bool }),
  }),
  generation: uint32,
  config: text,
  authTokenProvided: bool,
  zoneInstanceId: text,
});

const stream = message<KdsStream>({ globalInstanceId: text, connectTime: timestamp });

const direction = message<SyncDirection>({
  live: bool,
  // None behind is something else than not known.
  lagRevisions: wrapper(uint32),
  refused: repeated(message<SyncRefusal>({ kind: text, mesh: text, name: text, reason: text })),
});

/** State of a zone as its control plane and the global see it. */
export const zoneInsight: ResourceDescriptor<ZoneInsightSpec> = defineKind<ZoneInsightSpec>({
  kind: 'ZoneInsight',
  scope: 'Global',
  shape: 'legacy',
  wire: { proto: 'kuma.system.v1alpha1.ZoneInsight' },
  path: 'zone-insights',
  displayName: { singular: 'Zone Insight', plural: 'Zone Insights' },
  write: { global: false, federatedZone: false, never: true },
  kds: { globalToZone: false, zoneToGlobal: false },
  isInsight: true,
  schema: protoSchema<ZoneInsightSpec>(
    message<ZoneInsightSpec>({
      subscriptions: repeated(subscription),
      envoyAdminStreams: message<NonNullable<ZoneInsightSpec['envoyAdminStreams']>>({
        configDumpGlobalInstanceId: text,
        statsGlobalInstanceId: text,
        clustersGlobalInstanceId: text,
      }),
      healthCheck: message<{ time?: string }>({ time: timestamp }),
      kdsStreams: message<NonNullable<ZoneInsightSpec['kdsStreams']>>({
        clusters: stream,
        configDump: stream,
        stats: stream,
        globalToZone: stream,
        zoneToGlobal: stream,
      }),
      sync: message<SyncStatus>({
        storeId: text,
        authentication: text,
        renamedTo: text,
        refusedClaim: message<NonNullable<SyncStatus['refusedClaim']>>({ time: timestamp, reason: text }),
        globalToZone: direction,
        zoneToGlobal: direction,
      }),
    }),
  ),
});
