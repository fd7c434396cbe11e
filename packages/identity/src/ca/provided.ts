import { type KeyObject, X509Certificate as NodeCertificate } from 'node:crypto';
import type { Violations } from '@mesh/core';
import type { CertificateAuthorityBackend } from '@mesh/resources';
import { KeyUsagesExtension, X509Certificate } from '@peculiar/x509';
import { canSign, KEY_USAGE } from '../x509/issue.js';
import { attempt, readPrivateKey, splitCertificates } from '../x509/pem.js';
import { type DataSourceContext, DataSourceError, readDataSource } from './data-source.js';

/** Rules for the certificate and key of a `provided` backend, reported at its `conf` (X509-SVID §4, appendix A). */
export function checkProvidedCa(backend: CertificateAuthorityBackend, context: DataSourceContext, at: Violations): void {
  const cert = read(backend.conf?.cert, context, at.field('cert'));
  const key = read(backend.conf?.key, context, at.field('key'));
  if (!cert || !key) return;
  const certificates = splitCertificates(cert.toString('latin1')).map((pem) => attempt(() => new NodeCertificate(pem)));
  const problem = pairProblem(certificates, readPrivateKey(key));
  if (problem !== undefined) {
    at.field('cert').add(`not a valid TLS key pair: ${problem}`);
    return;
  }
  certificates.forEach((certificate, i) => {
    if (certificate) checkCertificate(certificate, at.field('cert').index(i));
  });
}

function read(source: unknown, context: DataSourceContext, at: Violations): Buffer | undefined {
  try {
    return readDataSource(source, context);
  } catch (error) {
    if (!(error instanceof DataSourceError)) throw error;
    at.add(error.message);
    return undefined;
  }
}

function pairProblem(certificates: readonly (NodeCertificate | undefined)[], key: KeyObject | undefined): string | undefined {
  if (certificates.length === 0 || certificates.includes(undefined)) return 'there is no readable PEM certificate';
  if (!key) return 'there is no readable private key';
  if (!canSign(key)) return 'the private key is neither RSA nor ECDSA on P-256, P-384 or P-521';
  return certificates[0]?.checkPrivateKey(key) ? undefined : 'private key does not match public key';
}

function checkCertificate(certificate: NodeCertificate, at: Violations): void {
  if (!certificate.ca) at.add("basic constraint 'CA' must be set to 'true' (see X509-SVID: 4.1. Basic Constraints)");
  const usages = attempt(() => new X509Certificate(certificate.raw).getExtension(KeyUsagesExtension)?.usages) ?? 0;
  if (!(usages & KEY_USAGE.keyCertSign)) at.add("key usage extension 'keyCertSign' must be set (see X509-SVID: 4.3. Key Usage)");
  if (usages & KEY_USAGE.keyAgreement) {
    at.add("key usage extension 'keyAgreement' must NOT be set (see X509-SVID: Appendix A. X.509 Field Reference)");
  }
}
