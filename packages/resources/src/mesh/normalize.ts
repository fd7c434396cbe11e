import type { Json, JsonObject, Normalized } from '@mesh/core';
import { isObject } from '../proto-json/index.js';

/** Brings Meshes of Kuma 0.1-0.5 to the present form: `mtls.ca`, `metrics.prometheus`, backends with a field per type. */
export function normalizeMesh(document: JsonObject): Normalized {
  const warnings: string[] = [];
  const present: JsonObject = { ...document };
  if (isObject(present.mtls)) present.mtls = rewriteMtls(present.mtls, warnings);
  if (isObject(present.metrics)) present.metrics = rewriteMetrics(present.metrics, warnings);
  for (const [part, types] of [
    ['logging', ['file', 'tcp']],
    ['tracing', ['zipkin']],
  ] as const) {
    const value = present[part];
    if (isObject(value) && Array.isArray(value.backends)) {
      present[part] = {
        ...value,
        backends: value.backends.map((backend, i) => rewriteBackend(backend, types, { path: `${part}.backends[${i}]`, warnings })),
      };
    }
  }
  return { document: warnings.length === 0 ? document : present, warnings };
}

/** `mtls: {enabled, ca: {builtin: {}}}` of 0.1-0.3. */
function rewriteMtls(mtls: JsonObject, warnings: string[]): JsonObject {
  if (!isObject(mtls.ca) && typeof mtls.enabled !== 'boolean') return mtls;
  const { ca, enabled, ...rest } = mtls;
  const type = isObject(ca) && ca.provided !== undefined ? 'provided' : 'builtin';
  const present: JsonObject = { backends: [{ name: 'ca-1', type }], ...rest };
  if (enabled === true) present.enabledBackend ??= 'ca-1';
  warnings.push(`mtls: "enabled" and "ca" are an old form, write mtls: ${JSON.stringify(present)} instead`);
  return present;
}

/** `metrics: {prometheus: {port, path}}` of 0.3. */
function rewriteMetrics(metrics: JsonObject, warnings: string[]): JsonObject {
  if (!isObject(metrics.prometheus)) return metrics;
  const { prometheus, ...rest } = metrics;
  const present: JsonObject = {
    enabledBackend: 'prometheus-1',
    backends: [{ name: 'prometheus-1', type: 'prometheus', conf: prometheus }],
    ...rest,
  };
  warnings.push(`metrics.prometheus: "prometheus" is an old form, write metrics: ${JSON.stringify(present)} instead`);
  return present;
}

/** `{name, file: {path}}` of 0.2-0.5. */
function rewriteBackend(backend: Json, types: readonly string[], where: { path: string; warnings: string[] }): Json {
  if (!isObject(backend) || backend.type !== undefined) return backend;
  const type = types.find((each) => isObject(backend[each]));
  if (type === undefined) return backend;
  const { [type]: conf, ...rest } = backend;
  const present: JsonObject = { ...rest, type, conf: conf ?? {} };
  where.warnings.push(`${where.path}.${type}: "${type}" is an old form, write ${JSON.stringify({ type, conf })} instead`);
  return present;
}
