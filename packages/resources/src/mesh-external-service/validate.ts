import type { Violations } from '@mesh/core';
import { checkHost } from '../plugin/index.js';
import { isDnsName } from '../validation/index.js';
import { type MeshExternalServiceSpec, TLS_VERSIONS } from './schema.js';

type Tls = NonNullable<MeshExternalServiceSpec['tls']>;

/** Rules of contract/policies.md §3 for a MeshExternalService; rooted at `spec`. */
export function validateMeshExternalService(spec: MeshExternalServiceSpec, violations: Violations): void {
  if (spec.extension?.type === '') violations.field('extension').field('type').add('must not be empty');
  for (const [i, { address }] of (spec.endpoints ?? []).entries())
    checkHost(address, violations.field('endpoints').index(i).field('address'));
  if (spec.tls) checkTls(spec.tls, violations.field('tls'));
}

function checkTls({ version, verification }: Tls, at: Violations): void {
  if (version && version.max !== 'TLSAuto' && TLS_VERSIONS.indexOf(version.min) > TLS_VERSIONS.indexOf(version.max))
    at.field('version').field('min').add('min version must be lower than max');
  if (!verification) return;
  const verificationAt = at.field('verification');
  const { serverName, clientCert, clientKey } = verification;
  if (serverName !== undefined && !isDnsName(serverName)) verificationAt.field('serverName').add('must be a valid DNS name');
  if (clientCert && !clientKey) verificationAt.field('clientKey').add('must be defined when clientCert is defined');
  if (clientKey && !clientCert) verificationAt.field('clientCert').add('must be defined when clientKey is defined');
}
