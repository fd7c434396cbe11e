import type { CertificateAuthorityBackend, MeshSpec } from '../specs/index.js';

/** The CA of a mesh that `mtls.enabledBackend` puts in force; undefined where mTLS is off. */
export function enabledBackend({ mtls }: MeshSpec): CertificateAuthorityBackend | undefined {
  return mtls?.enabledBackend ? mtls.backends?.find(({ name }) => name === mtls.enabledBackend) : undefined;
}
