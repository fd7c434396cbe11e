import type { Violations } from '@mesh/core';
import type { MeshMtls, MeshSpec } from '../specs/index.js';
import { checkSelectorTags } from '../validation/index.js';
import { parseExpiration } from './expiration.js';
import { validateMetrics } from './validate-metrics.js';
import { validateLogging, validateTracing } from './validate-observability.js';

/** Rules of contract/rest-api.md §8 for a Mesh, in the order Kuma reports them. */
export function validateMesh(spec: MeshSpec, violations: Violations): void {
  if (spec.mtls) validateMtls(spec.mtls, violations.field('mtls'));
  if (spec.logging) validateLogging(spec.logging, violations.field('logging'));
  if (spec.tracing) validateTracing(spec.tracing, violations.field('tracing'));
  if (spec.metrics) validateMetrics(spec.metrics, violations.field('metrics'));
  const constraints = violations.field('constraints').field('dataplaneProxy');
  for (const field of ['requirements', 'restrictions'] as const) {
    spec.constraints?.dataplaneProxy?.[field]?.forEach((rule, i) => {
      checkSelectorTags(rule.tags, constraints.field(field).index(i).field('tags'));
    });
  }
  if (spec.routing?.zoneEgress && !spec.mtls?.enabledBackend) violations.field('mtls').add('has to be set when zoneEgress enabled');
}

function validateMtls(mtls: MeshMtls, at: Violations): void {
  const backends = mtls.backends ?? [];
  if (backends.length > 1) at.field('backends').add('cannot have more than 1 backends');
  checkUniqueNames(backends, at.field('backends'));
  for (const backend of backends) {
    const expiration = backend.dpCert?.rotation?.expiration;
    // The path is this one whichever backend is meant.
    if (expiration !== undefined && parseExpiration(expiration) === undefined) {
      at.field('dpcert').field('rotation').field('expiration').add('has to be a valid format');
    }
  }
  if (mtls.enabledBackend && !backends.some((backend) => backend.name === mtls.enabledBackend)) {
    at.field('enabledBackend').add('has to be set to one of the backends in the mesh');
  }
}

function checkUniqueNames(backends: readonly { readonly name?: string }[], at: Violations): void {
  const seen = new Set<string>();
  backends.forEach(({ name = '' }, i) => {
    if (seen.has(name)) at.index(i).field('name').add(`"${name}" name is already used for another backend`);
    seen.add(name);
  });
}
