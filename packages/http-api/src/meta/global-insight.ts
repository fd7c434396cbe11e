import type { ResourceView } from '@mesh/core';
import type { DataplaneStat, MeshInsightSpec, ServiceInsightSpec, ServiceStatus } from '@mesh/resources';
import type { ApiContext } from '../context.js';
import { json } from '../http/answer.js';
import { handler, type Route } from '../http/route.js';
import { META_DOCS } from './docs.js';

const TITLE = 'Could not retrieve global insight';
const PRODUCES = ['application/json'];

/** `/global-insight` and the older `/global-insights`: sums over the insights of all meshes (contract/rest-api.md §2.5). */
export function globalInsightRoutes(context: ApiContext): Route[] {
  return [
    {
      template: '/global-insight',
      produces: PRODUCES,
      docs: { GET: META_DOCS.globalInsight },
      methods: { GET: handler(TITLE, () => json(sumUp(context))) },
    },
    {
      template: '/global-insights',
      produces: PRODUCES,
      docs: { GET: META_DOCS.globalInsights },
      methods: { GET: handler(TITLE, () => json(countGlobal(context))) },
    },
  ];
}

interface Counters {
  offline: number;
  online: number;
  partiallyDegraded: number;
  total: number;
}

type Totals = Record<string, { total: number }>;

function sumUp(context: ApiContext): object {
  const { view } = context.controlPlane;
  const meshes = view.list<MeshInsightSpec>('MeshInsight').map(({ spec }) => spec);
  const byType = (type: 'standard' | 'gatewayBuiltin' | 'gatewayDelegated') =>
    sumStats(meshes.map((spec) => spec.dataplanesByType?.[type]));
  const policies = sumTotals(meshes.map((spec) => spec.policies));
  return {
    createdAt: now(context),
    dataplanes: { gatewayBuiltin: byType('gatewayBuiltin'), gatewayDelegated: byType('gatewayDelegated'), standard: byType('standard') },
    meshes: { total: view.count('Mesh') },
    policies: { total: Object.values(policies).reduce((sum, { total }) => sum + total, 0) },
    resources: countResources(context, meshes),
    services: countServices(view),
    zones: {
      controlPlanes: countOnline(view, 'Zone', 'ZoneInsight'),
      zoneEgresses: countOnline(view, 'ZoneEgress', 'ZoneEgressInsight'),
      zoneIngresses: countOnline(view, 'ZoneIngress', 'ZoneIngressInsight'),
    },
  };
}

/** What the meshes hold, and plugin kinds of global scope, by name of the kind. */
function countResources(context: ApiContext, meshes: readonly MeshInsightSpec[]): Totals {
  const totals = sumTotals(meshes.map((spec) => spec.resources));
  for (const descriptor of context.registry.all) {
    if (descriptor.scope !== 'Global' || descriptor.shape !== 'plugin') continue;
    const total = context.controlPlane.view.count(descriptor.kind);
    if (total > 0) totals[descriptor.kind] = { total };
  }
  return sortKeys(totals);
}

function countServices(view: ResourceView): object {
  const sums = { external: { total: 0 }, gatewayBuiltin: counters(), gatewayDelegated: counters(), internal: counters() };
  for (const { spec } of view.list<ServiceInsightSpec>('ServiceInsight')) {
    for (const { serviceType, status } of Object.values(spec.services ?? {})) {
      if (serviceType === 'external') sums.external.total++;
      else
        addStatus(
          serviceType === 'gateway_builtin'
            ? sums.gatewayBuiltin
            : serviceType === 'gateway_delegated'
              ? sums.gatewayDelegated
              : sums.internal,
          status,
        );
    }
  }
  return sums;
}

function addStatus(sum: Counters, status: ServiceStatus | undefined): void {
  sum.total++;
  if (status === 'online') sum.online++;
  if (status === 'offline') sum.offline++;
  if (status === 'partially_degraded') sum.partiallyDegraded++;
}

interface Subscribed {
  readonly subscriptions?: readonly { readonly connectTime?: string; readonly disconnectTime?: string }[];
}

/** Online is who has a subscription that is still open; who never had one is not counted. */
function countOnline(view: ResourceView, kind: string, insightKind: string): { online: number; total: number } {
  let online = 0;
  let total = 0;
  for (const { meta } of view.list(kind)) {
    const insight = view.find<Subscribed>(insightKind, meta.mesh, meta.name);
    if (insight) total++;
    if (insight?.spec.subscriptions?.some((each) => each.connectTime && !each.disconnectTime)) online++;
  }
  return { online, total };
}

function countGlobal(context: ApiContext): object {
  const resources: Totals = {};
  for (const descriptor of context.registry.all) {
    if (descriptor.scope !== 'Global' || descriptor.isInsight || descriptor.path === undefined) continue;
    resources[descriptor.kind] = { total: context.controlPlane.view.count(descriptor.kind) };
  }
  return { type: 'GlobalInsights', creationTime: now(context), resources: sortKeys(resources) };
}

function now(context: ApiContext): string {
  return new Date(context.clock.now()).toISOString();
}

function counters(): Counters {
  return { offline: 0, online: 0, partiallyDegraded: 0, total: 0 };
}

function sumStats(stats: readonly (DataplaneStat | undefined)[]): Counters {
  const sum = counters();
  for (const stat of stats) {
    sum.offline += stat?.offline ?? 0;
    sum.online += stat?.online ?? 0;
    sum.partiallyDegraded += stat?.partiallyDegraded ?? 0;
    sum.total += stat?.total ?? 0;
  }
  return sum;
}

function sumTotals(maps: readonly (Readonly<Record<string, { readonly total?: number }>> | undefined)[]): Totals {
  const sum: Totals = {};
  for (const map of maps) {
    for (const [kind, { total = 0 }] of Object.entries(map ?? {})) sum[kind] = { total: (sum[kind]?.total ?? 0) + total };
  }
  return sortKeys(sum);
}

function sortKeys(totals: Totals): Totals {
  return Object.fromEntries(Object.entries(totals).sort(([a], [b]) => (a < b ? -1 : 1)));
}
