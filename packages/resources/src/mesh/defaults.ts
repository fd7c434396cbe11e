import type { JsonObject } from '@mesh/core';
import { isObject } from '../proto-json/index.js';
import type { MeshSpec } from '../specs/index.js';

/** Fills the conf of Prometheus backends: port 5670, path /metrics, the tag of the metrics service, tls. */
export function defaultMesh(spec: MeshSpec): MeshSpec {
  const backends = spec.metrics?.backends;
  if (!backends?.some(({ type }) => type === 'prometheus')) return spec;
  const filled = backends.map((backend) => (backend.type === 'prometheus' ? { ...backend, conf: fill(backend.conf ?? {}) } : backend));
  return { ...spec, metrics: { ...spec.metrics, backends: filled } };
}

function fill(conf: JsonObject): JsonObject {
  const tags = isObject(conf.tags) && Object.keys(conf.tags).length > 0 ? conf.tags : { 'kuma.io/service': 'dataplane-metrics' };
  const tls: JsonObject = conf.skipMTLS === true ? { mode: 'disabled' } : {};
  const filled: JsonObject = {
    ...conf,
    path: conf.path || '/metrics',
    port: conf.port || 5670,
    tags,
    tls: isObject(conf.tls) ? conf.tls : tls,
  };
  return Object.fromEntries(Object.entries(filled).sort(([a], [b]) => (a < b ? -1 : 1)));
}
