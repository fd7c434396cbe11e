import type { Violations } from '@mesh/core';
import type { MeshTrustSpec } from './schema.js';

/** A certificate in PEM, whatever is in it. */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/;

/** Rules of contract/policies.md §3 for a MeshTrust; rooted at `spec`. */
export function validateMeshTrust({ caBundles, trustDomain }: MeshTrustSpec, violations: Violations): void {
  if (trustDomain === '') violations.field('trustDomain').add('must not be empty');
  for (const [i, { pem }] of caBundles.entries()) {
    const at = violations.field('caBundles').index(i).field('pem');
    if (!pem) at.add('must be defined');
    else if (!CERTIFICATE.test(pem.value)) at.field('value').add('provided certificate has incorrect format');
  }
}
