import type { JsonObject } from '@mesh/core';
import type { DataplaneSpec, MeshSpec } from '@mesh/resources';

const DEFAULT_PORT = 5670;
const DEFAULT_PATH = '/metrics';

/** Where a proxy publishes metrics for Prometheus, as its mesh and it itself say. */
export interface PrometheusEndpoint {
  readonly port: number;
  readonly path: string;
  readonly tls: 'activeMTLSBackend' | 'providedTLS' | 'disabled';
  /** Only metrics that were written. */
  readonly usedOnly: boolean;
  /** Only metrics whose name matches; empty: all. */
  readonly filterRegex: string;
}

/** The metrics of a proxy by the backend its mesh has enabled (contract/policies.md §3); undefined where there is none. */
export function prometheusEndpoint(mesh: MeshSpec, dataplane: DataplaneSpec): PrometheusEndpoint | undefined {
  const { enabledBackend: name, backends } = mesh.metrics ?? {};
  const backend = name ? backends?.find((each) => each.name === name && each.type === 'prometheus') : undefined;
  if (!backend) return undefined;
  const conf: JsonObject = { ...backend.conf, ...dataplane.metrics?.conf };
  const envoy = objectOf(conf['envoy']);
  return {
    port: Number(conf['port'] || DEFAULT_PORT),
    path: String(conf['path'] || DEFAULT_PATH),
    tls: tlsOf(conf),
    usedOnly: envoy['usedOnly'] === true,
    filterRegex: typeof envoy['filterRegex'] === 'string' ? envoy['filterRegex'] : '',
  };
}

function tlsOf(conf: JsonObject): PrometheusEndpoint['tls'] {
  const { mode } = objectOf(conf['tls']);
  if (mode === 'disabled' || mode === 'providedTLS') return mode;
  return conf['skipMTLS'] === true ? 'disabled' : 'activeMTLSBackend';
}

function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
