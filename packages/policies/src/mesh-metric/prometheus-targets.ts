import { LABEL_ZONE, type Resource, type ResourceView } from '@mesh/core';
import type { DataplaneSpec } from '@mesh/resources';
import { inboundsOf, type MeshContext } from '@mesh/xds';
import { matchPolicies } from '../sdk/matching.js';
import { mergeConfs } from '../sdk/merge.js';
import type { MeshMetricSpec, MetricConf } from './schema.js';

const KIND = 'MeshMetric';

/** Where a Prometheus finds the metrics of a proxy, as MeshMetric says. */
export interface PrometheusTarget {
  /** The Prometheus it is for; undefined: whoever is not named anywhere. */
  readonly clientId: string | undefined;
  readonly port: number;
  readonly path: string;
  /** The proxy serves it with a certificate of its own. */
  readonly providedTls: boolean;
}

/** Whether any MeshMetric of any mesh asks for Prometheus: then `metrics` of meshes and dataplanes no longer count. */
export function usesMeshMetric(view: ResourceView): boolean {
  return view.list<MeshMetricSpec>(KIND).some(({ spec }) => prometheusOf(spec.default).length > 0);
}

/** Makes the function that tells the targets of each dataplane of a mesh (contract/policies.md §2.10); stale once the view changes. */
export function prometheusTargets(
  view: ResourceView,
  { mesh, zone }: { mesh: string; zone: string },
): (dataplane: Resource<DataplaneSpec>) => readonly PrometheusTarget[] {
  const context = policiesOnly(view, mesh);
  return (dataplane) => {
    const proxy = {
      dataplane,
      zone: dataplane.meta.labels[LABEL_ZONE] || zone,
      inbounds: inboundsOf(dataplane),
      isGateway: dataplane.spec.networking?.gateway !== undefined,
    };
    const { all } = matchPolicies<MeshMetricSpec>(context, proxy, KIND);
    return prometheusOf(mergeConfs(all.map(({ spec }) => spec.default ?? {})));
  };
}

function prometheusOf(conf: MetricConf | undefined): PrometheusTarget[] {
  return (conf?.backends ?? []).flatMap(({ type, prometheus }) =>
    type === 'Prometheus' && prometheus
      ? {
          clientId: prometheus.clientId || undefined,
          port: prometheus.port,
          path: prometheus.path,
          providedTls: prometheus.tls?.mode === 'ProvidedTLS',
        }
      : [],
  );
}

/** As much of a mesh context as matching reads: endpoints and the rest cost more than they are worth here. */
function policiesOnly(view: ResourceView, mesh: string): MeshContext {
  const memory = new Map<string, unknown>();
  const reads: Pick<MeshContext, 'policies' | 'memo' | 'idOf'> = {
    policies: <Spec>(kind: string) => view.listSorted(kind, mesh) as unknown as readonly Resource<Spec>[],
    memo: <T>(key: string, compute: () => T): T => {
      if (!memory.has(key)) memory.set(key, compute());
      return memory.get(key) as T;
    },
    idOf: (policy) => policy.meta.name,
  };
  return reads as MeshContext;
}
