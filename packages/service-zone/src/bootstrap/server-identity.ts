import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { MeshError } from '@mesh/core';

/**
 * Refuses a bootstrap that could only fail later: the proxy would not accept the certificate of
 * this server under the name it dials (contract/dataplane.md §1.3). Throws `bad_request`.
 */
export function checkServerName(certificatePem: string, host: string): void {
  const certificate = new X509Certificate(certificatePem);
  const matches = isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host);
  if (matches !== undefined) return;
  throw new MeshError('bad_request', {
    public:
      `A data plane proxy is trying to connect to the control plane using ${JSON.stringify(host)} address, ` +
      `but the certificate in the control plane has the following SANs ${JSON.stringify(certificate.subjectAltName ?? '')}. ` +
      'Either change the --cp-address in kuma-dp to one of those, or give the control plane a certificate for this address ' +
      '(KUMA_GENERAL_TLS_CERT_FILE and KUMA_GENERAL_TLS_KEY_FILE) and restart it.',
  });
}

/** Refuses to hand out a server certificate as the authority to trust where it is none. Throws `bad_request`. */
export function checkIsAuthority(certificatePem: string): void {
  if (new X509Certificate(certificatePem).ca) return;
  throw new MeshError('bad_request', {
    public:
      'A data plane proxy is trying to verify the control plane using the certificate which is not a certificate authority ' +
      "(basic constraint 'CA' is set to 'false'). Provide the CA that signed the certificate of the control plane by using " +
      "'kuma-dp run --ca-cert-file=file' or via KUMA_CONTROL_PLANE_CA_CERT_FILE",
  });
}
