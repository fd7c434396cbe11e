import { isIPv6 } from 'node:net';
import { type Resource, type ResourceView, TAG_SERVICE } from '@mesh/core';
import { prometheusTargets, usesMeshMetric } from '@mesh/policies';
import type { DataplaneSpec, MeshSpec, Tags } from '@mesh/resources';
import { prometheusEndpoint } from '@mesh/xds';

/** Type of an assignment on the wire (contract/wire-protobuf.md, kuma.observability.v1). */
export const ASSIGNMENT_TYPE = 'type.googleapis.com/kuma.observability.v1.MonitoringAssignment';
/** Kinds whose changes may change assignments. */
export const ASSIGNMENT_KINDS: ReadonlySet<string> = new Set(['Mesh', 'Dataplane', 'MeshMetric']);

/** One proxy that publishes metrics, in the JSON form of the wire. */
export interface Assignment {
  readonly '@type': string;
  readonly mesh: string;
  readonly service: string;
  readonly targets: readonly [Target];
}

interface Target {
  readonly name: string;
  readonly scheme: 'http' | 'https';
  readonly address: string;
  readonly metrics_path: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Assignments by the client they are for. */
export interface Assignments {
  /** For clients that no MeshMetric names. */
  readonly byDefault: readonly Assignment[];
  readonly byClient: ReadonlyMap<string, readonly Assignment[]>;
}

/**
 * Which proxies publish metrics where (contract/rest-api.md §7): as MeshMetrics say where any asks
 * for Prometheus, else as the backend that each mesh has enabled, with the tags of the proxies as labels.
 */
export function assignmentsOf(view: ResourceView, zone: string): Assignments {
  const dataplanes = view.listSorted<DataplaneSpec>('Dataplane');
  return usesMeshMetric(view) ? byMeshMetric(dataplanes, { view, zone }) : { byDefault: byMesh(dataplanes, view), byClient: new Map() };
}

function byMeshMetric(dataplanes: readonly Resource<DataplaneSpec>[], { view, zone }: { view: ResourceView; zone: string }): Assignments {
  const byClient = new Map<string, Assignment[]>();
  const byDefault: Assignment[] = [];
  const targetsByMesh = new Map<string, ReturnType<typeof prometheusTargets>>();
  for (const dataplane of dataplanes) {
    const { mesh } = dataplane.meta;
    const targetsOf = targetsByMesh.get(mesh) ?? prometheusTargets(view, { mesh, zone });
    targetsByMesh.set(mesh, targetsOf);
    for (const { clientId, port, path, providedTls } of targetsOf(dataplane)) {
      const assignment = toAssignment(dataplane, { port, path, https: providedTls });
      if (!assignment) continue;
      if (clientId === undefined) byDefault.push(assignment);
      else byClient.set(clientId, [...(byClient.get(clientId) ?? []), assignment]);
    }
  }
  return { byDefault, byClient };
}

function byMesh(dataplanes: readonly Resource<DataplaneSpec>[], view: ResourceView): Assignment[] {
  return dataplanes.flatMap((dataplane) => {
    const mesh = view.find<MeshSpec>('Mesh', '', dataplane.meta.mesh);
    const endpoint = mesh && prometheusEndpoint(mesh.spec, dataplane.spec);
    if (!endpoint) return [];
    const { port, path, tls } = endpoint;
    return toAssignment(dataplane, { port, path, https: tls === 'providedTLS', labels: labelsOf(dataplane.spec) }) ?? [];
  });
}

interface Where {
  readonly port: number;
  readonly path: string;
  readonly https: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

function toAssignment({ meta, spec }: Resource<DataplaneSpec>, { port, path, https, labels }: Where): Assignment | undefined {
  const address = spec.networking?.address;
  if (!address) return undefined;
  const target: Target = {
    name: meta.name,
    scheme: https ? 'https' : 'http',
    address: `${isIPv6(address) ? `[${address}]` : address}:${port}`,
    metrics_path: path,
    ...(labels ? { labels } : {}),
  };
  return { '@type': ASSIGNMENT_TYPE, mesh: meta.mesh, service: tagSets(spec)[0]?.[TAG_SERVICE] ?? '', targets: [target] };
}

function tagSets(spec: DataplaneSpec): readonly Tags[] {
  const { gateway, inbound = [] } = spec.networking ?? {};
  return gateway ? [gateway.tags ?? {}] : inbound.map(({ tags = {} }) => tags);
}

/** Each tag with its first value, and in the plural with all of them between commas, to search in. */
function labelsOf(spec: DataplaneSpec): Record<string, string> {
  const values = new Map<string, Set<string>>();
  for (const tags of tagSets(spec))
    for (const [name, value] of Object.entries(tags)) values.set(name, (values.get(name) ?? new Set()).add(value));
  const labels: Record<string, string> = {};
  for (const name of [...values.keys()].sort()) {
    const sorted = [...(values.get(name) ?? [])].sort();
    const label = name.replace(/[^a-zA-Z0-9_]/g, '_');
    labels[label] = sorted[0] ?? '';
    labels[`${label}s`] = `,${sorted.join(',')},`;
  }
  return labels;
}
