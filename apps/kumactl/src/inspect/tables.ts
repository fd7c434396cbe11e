import type { JsonObject } from '@mesh/core';
import type {
  DataplaneInsightSpec,
  DataplaneSpec,
  DiscoverySubscription,
  MeshInsightSpec,
  ServiceInsightService,
  ZoneInsightSpec,
  ZoneSpec,
} from '@mesh/resources';
import { formatTags, tagSetsOf } from '@mesh/resources';
import { printTable } from '../output/table.js';
import { age, dateTime } from '../output/time.js';
import { dataplaneStatus } from './dataplane-status.js';
import { onlineText, summarize } from './subscriptions.js';
import { SYNC_HEADERS, syncColumns } from './zone-sync.js';

/** Prints the items of a list for people. */
export type TablePrinter = (items: readonly JsonObject[], nowMs: number) => string;

const STREAM_HEADERS = ['LAST CONNECTED AGO', 'LAST UPDATED AGO', 'TOTAL UPDATES', 'TOTAL ERRORS'];

/** `kumactl inspect zones`: a disabled zone is shown as offline, though it stays connected (contract/kds.md §5). */
export const zonesTable: TablePrinter = (items, nowMs) => {
  // A global of Kuma says nothing of these.
  const hasSync = items.some((item) => (item.zoneInsight as ZoneInsightSpec | undefined)?.sync);
  const rows = items.map((item) => {
    const { subscriptions, sync } = (item.zoneInsight ?? {}) as ZoneInsightSpec;
    const streams = summarize(subscriptions);
    const { last } = streams;
    const { enabled } = (item.zone ?? {}) as ZoneSpec;
    return [
      String(item.name),
      onlineText(streams.online && enabled !== false),
      age(streams.connectTime, nowMs),
      age(streams.updateTime, nowMs),
      streams.updates,
      streams.errors,
      last?.version?.kumaCp?.version ?? '',
      storeTypeOf(last?.config),
      ...(hasSync ? syncColumns(sync, nowMs) : []),
    ];
  });
  return printTable(['NAME', 'STATUS', ...STREAM_HEADERS, 'ZONE-CP VERSION', 'BACKEND', ...(hasSync ? SYNC_HEADERS : [])], rows);
};

/** `store.type` of the configuration a zone sent along. */
function storeTypeOf(config: string | undefined): string {
  try {
    const { store } = JSON.parse(config ?? '{}') as { store?: { type?: unknown } };
    return typeof store?.type === 'string' ? store.type : '';
  } catch {
    return '';
  }
}

/** `kumactl inspect zoneingresses` and `zoneegresses`: the insight stands under `insightField`. */
export function zoneProxiesTable(insightField: string): TablePrinter {
  return (items, nowMs) => {
    const rows = items.map((item) => {
      const { subscriptions } = (item[insightField] ?? {}) as { subscriptions?: readonly DiscoverySubscription[] };
      const streams = summarize(subscriptions);
      const version = streams.last?.version;
      return [
        String(item.name),
        onlineText(streams.online),
        age(streams.connectTime, nowMs),
        age(streams.updateTime, nowMs),
        streams.updates,
        streams.errors,
        version?.kumaDp?.version ?? '',
        version?.envoy?.version ?? '',
      ];
    });
    return printTable(['NAME', 'STATUS', ...STREAM_HEADERS, 'KUMA-DP VERSION', 'ENVOY VERSION'], rows);
  };
}

const DATAPLANE_HEADERS = [
  'MESH',
  'NAME',
  'TAGS',
  'STATUS',
  ...STREAM_HEADERS,
  'CERT REGENERATED AGO',
  'CERT EXPIRATION',
  'CERT REGENERATIONS',
  'CERT BACKEND',
  'SUPPORTED CERT BACKENDS',
  'KUMA-DP VERSION',
  'ENVOY VERSION',
  'DEPENDENCIES VERSIONS',
  'NOTES',
];

/** `kumactl inspect dataplanes`. */
export const dataplanesTable: TablePrinter = (items, nowMs) =>
  printTable(
    DATAPLANE_HEADERS,
    items.map((item) => dataplaneRow(item, nowMs)),
  );

function dataplaneRow(item: JsonObject, nowMs: number): string[] {
  const spec = (item.dataplane ?? {}) as DataplaneSpec;
  const insight = (item.dataplaneInsight ?? {}) as DataplaneInsightSpec;
  const streams = summarize(insight.subscriptions);
  const { status, notes } = dataplaneStatus(spec, streams.online);
  const { mTLS } = insight;
  const version = streams.last?.version;
  return [
    String(item.mesh),
    String(item.name),
    formatTags(tagSetsOf(spec)),
    status,
    age(streams.connectTime, nowMs),
    age(streams.updateTime, nowMs),
    streams.updates,
    streams.errors,
    age(mTLS?.lastCertificateRegeneration, nowMs),
    dateTime(mTLS?.certificateExpirationTime),
    String(mTLS?.certificateRegenerations ?? 0),
    mTLS?.issuedBackend || '-',
    (mTLS?.supportedBackends ?? []).join(','),
    version?.kumaDp?.version ?? '',
    version?.envoy?.version ?? '',
    dependenciesText(version?.dependencies),
    notes.join(', '),
  ];
}

function dependenciesText(dependencies: Readonly<Record<string, string>> = {}): string {
  const entries = Object.entries(dependencies).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '-' : entries.map(([name, version]) => `${name}: ${version}`).join(', ');
}

const POLICY_COLUMNS = [
  ['TRAFFIC PERMISSIONS', 'TrafficPermission'],
  ['TRAFFIC ROUTES', 'TrafficRoute'],
  ['CIRCUIT BREAKERS', 'CircuitBreaker'],
  ['HEALTH CHECKS', 'HealthCheck'],
  ['FAULT INJECTIONS', 'FaultInjection'],
  ['EXTERNAL SERVICES', 'ExternalService'],
  ['TRAFFIC TRACES', 'TrafficTrace'],
  ['TRAFFIC LOGS', 'TrafficLog'],
  ['PROXY TEMPLATES', 'ProxyTemplate'],
  ['RATE LIMITS', 'RateLimit'],
] as const;

/** `kumactl inspect meshes`. */
export const meshesTable: TablePrinter = (items) => {
  const rows = items.map((item) => {
    const { dataplanes, policies } = item as unknown as MeshInsightSpec;
    const counts = POLICY_COLUMNS.map(([, kind]) => String(policies?.[kind]?.total ?? 0));
    return [String(item.name), `${dataplanes?.online ?? 0}/${dataplanes?.total ?? 0}`, ...counts];
  });
  return printTable(['MESH', 'DATAPLANES', ...POLICY_COLUMNS.map(([header]) => header)], rows);
};

const SERVICE_STATUS: Readonly<Record<string, string>> = { online: 'Online', partially_degraded: 'Partially degraded' };

/** `kumactl inspect services`. */
export const servicesTable: TablePrinter = (items) => {
  const rows = items.map((item) => {
    const { status = '', dataplanes } = item as unknown as ServiceInsightService;
    return [String(item.name), SERVICE_STATUS[status] ?? 'Offline', `${dataplanes?.online ?? 0}/${dataplanes?.total ?? 0}`];
  });
  return printTable(['SERVICE', 'STATUS', 'DATAPLANES'], rows);
};

/** `kumactl inspect held-removals`. */
export const heldRemovalsTable: TablePrinter = (items) =>
  printTable(
    ['PEER', 'KIND', 'NAME', 'RELEASED'],
    items.map((item) => [item.peer, item.kind, item.name, item.released].map(String)),
  );
