import type { Json, JsonObject, Violations } from '@mesh/core';
import { isObject } from '../proto-json/index.js';
import type { MeshSpec } from '../specs/index.js';

/** Rules for `metrics`. A backend with one mistake in its conf is not looked at further, as in Kuma. */
export function validateMetrics(metrics: NonNullable<MeshSpec['metrics']>, at: Violations): void {
  const seen = new Set<string>();
  metrics.backends?.forEach(({ name = '', type, conf = {} }, i) => {
    const here = at.field('backends').index(i);
    if (type === 'prometheus') checkPrometheus(conf, here.field('conf'));
    else here.field('type').add('unknown backend type. Available backends: "prometheus"');
    if (seen.has(name)) here.field('name').add(`"${name}" name is already used for another backend`);
    seen.add(name);
  });
  if (metrics.enabledBackend && !seen.has(metrics.enabledBackend))
    at.field('enabledBackend').add('has to be set to one of the backends in the mesh');
}

const TLS_MODES = ['activeMTLSBackend', 'providedTLS', 'disabled'];

function checkPrometheus(conf: JsonObject, at: Violations): void {
  const tls = objectOf(conf.tls);
  if (tls?.mode !== undefined && !TLS_MODES.includes(String(tls.mode))) {
    at.add(`could not parse config: unknown value ${JSON.stringify(tls.mode)} for enum kuma.mesh.v1alpha1.PrometheusTlsConfig.Mode`);
    return;
  }
  if (conf.skipMTLS !== undefined && tls && contradict(conf.skipMTLS, tls.mode)) {
    at.add('skipMTLS and tls configuration cannot be defined together');
    return;
  }
  const filterRegex = objectOf(conf.envoy)?.filterRegex;
  if (typeof filterRegex === 'string' && filterRegex !== '' && !compiles(filterRegex)) {
    at.field('envoy').field('filterRegex').add(`provided regexp isn't correct: ${filterRegex}`);
    return;
  }
  checkAggregate(conf.aggregate, at.field('aggregate'));
}

/** `skipMTLS: true` means tls mode disabled, `false` means activeMTLSBackend. */
function contradict(skipMtls: Json, mode: Json | undefined): boolean {
  return (mode ?? 'activeMTLSBackend') !== (skipMtls === true ? 'disabled' : 'activeMTLSBackend');
}

function checkAggregate(aggregate: Json | undefined, at: Violations): void {
  if (!Array.isArray(aggregate)) return;
  const seen = new Set<string>();
  aggregate.forEach((entry, i) => {
    const name = String(objectOf(entry)?.name ?? '');
    if (seen.has(name)) at.index(i).field('name').add(`duplicate entry: ${name}, values have to be unique`);
    seen.add(name);
  });
}

function objectOf(value: Json | undefined): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

function compiles(regex: string): boolean {
  try {
    new RegExp(regex);
    return true;
  } catch {
    return false;
  }
}
