import {
  bool,
  bytesValue,
  map,
  message,
  type ProtoField,
  repeated,
  struct,
  text,
  textValue,
  timestamp,
  uint32,
  uint64,
} from '../proto-json/index.js';
import type { DataSource, EnvoyAdmin, MetricsBackend } from './common.js';
import type {
  DiscoveryServiceStats,
  DiscoverySubscription,
  DiscoverySubscriptionStatus,
  EnvoyVersion,
  KumaDpVersion,
  ProxyVersion,
} from './insight.js';

/** Messages that several kinds use. */
export const tagsField = map(text);

export const envoyAdminField = message<EnvoyAdmin>({ port: uint32 });

export const dataSourceField = message<DataSource>({ secret: textValue, file: textValue, inline: bytesValue, inlineString: textValue });

export const metricsBackendField = message<MetricsBackend>({ name: text, type: text, conf: struct });

export const serviceStatsField = message<DiscoveryServiceStats>({
  responsesSent: uint64,
  responsesAcknowledged: uint64,
  responsesRejected: uint64,
});

const proxyVersionField = message<ProxyVersion>({
  kumaDp: message<KumaDpVersion>({ version: text, gitTag: text, gitCommit: text, buildDate: text, kumaCpCompatible: bool }),
  envoy: message<EnvoyVersion>({ version: text, build: text, kumaDpCompatible: bool }),
  dependencies: map(text),
});

/** An xDS stream as the insights of all proxies hold it. */
export const discoverySubscriptionField: ProtoField<DiscoverySubscription> = message<DiscoverySubscription>({
  id: text,
  controlPlaneInstanceId: text,
  connectTime: timestamp,
  disconnectTime: timestamp,
  status: message<DiscoverySubscriptionStatus>({
    lastUpdateTime: timestamp,
    total: serviceStatsField,
    cds: serviceStatsField,
    eds: serviceStatsField,
    lds: serviceStatsField,
    rds: serviceStatsField,
  }),
  version: proxyVersionField,
  generation: uint32,
});

/** State of a zone proxy. */
export const zoneProxyInsightField = message<{
  subscriptions?: readonly DiscoverySubscription[];
  metadata?: NonNullable<MetricsBackend['conf']>;
}>({
  subscriptions: repeated(discoverySubscriptionField),
  metadata: struct,
});
