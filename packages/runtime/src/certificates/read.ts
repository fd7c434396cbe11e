import { readFileSync } from 'node:fs';
import { MeshError, messageOf } from '@mesh/core';
import type { KumaConfig } from '../config/index.js';
import { ensureCertificates } from './index.js';

/** PEM of a certificate and its private key. */
export interface CertificatePair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Both ends of the connections between services: CA, certificate and key as PEM. */
export interface InternalCertificates extends CertificatePair {
  readonly ca: Buffer;
}

/** The certificate of a TLS server; the ones of the work directory are made where they are missing. */
export async function serverCertificate(config: KumaConfig, files: { certFile: string; keyFile: string }): Promise<CertificatePair> {
  await ensureCertificates(config);
  return { cert: read(files.certFile), key: read(files.keyFile) };
}

/** What both ends of internal gRPC show and check; made in the work directory where missing. */
export async function internalCertificates(config: KumaConfig): Promise<InternalCertificates> {
  await ensureCertificates(config);
  const { caFile, certFile, keyFile } = config.internal.tls;
  return { ca: read(caFile), cert: read(certFile), key: read(keyFile) };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const remedy =
      'put it there, or mount what holds it; where general.tlsCertFile and general.tlsKeyFile are not set, a certificate is made';
    throw new MeshError('invalid', { public: `cannot read the certificate file ${path}: ${messageOf(cause)}; ${remedy}`, cause });
  }
}
