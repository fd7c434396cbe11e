import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { MeshError, type Resource, type ResourceView } from '@mesh/core';
import { builtinCaSecretNames, type CertificateAuthorityBackend, enabledBackend, type MeshSpec, secretsOfMesh } from '@mesh/resources';
import { attempt, readPrivateKey, splitCertificates } from '../x509/pem.js';
import { type DataSourceContext, DataSourceError, readDataSource } from './data-source.js';

/** The CA that issues for a mesh now. Equal inputs give the same object. */
export interface MeshCa {
  readonly mesh: string;
  readonly backend: string;
  readonly mode: 'STRICT' | 'PERMISSIVE';
  /** Names of all backends, for insights. */
  readonly supportedBackends: readonly string[];
  /** Certificate of the issuer. */
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  /** PEM of what proxies trust: every certificate of the CA's data, so that two roots may stand side by side while one replaces the other. */
  readonly trustBundlePem: string;
  /** Lifetime of leaves in `dpCert.rotation.expiration`; undefined: the default. */
  readonly leafTtl: string | undefined;
  /** Changes when the issuer, its key or the trusted roots change. */
  readonly fingerprint: string;
}

interface Cached {
  readonly secrets: readonly (Resource | undefined)[];
  readonly ca: MeshCa;
}

const cache = new WeakMap<object, Cached>();

/**
 * The CA of the enabled mTLS backend of a mesh, or undefined where mTLS is off. Throws
 * `unavailable` where mTLS is on and its certificate or key is missing or unreadable: proxies
 * must then keep what they have, never fall back to plaintext.
 */
export function loadMeshCa(view: ResourceView, mesh: Resource<MeshSpec>): MeshCa | undefined {
  const backend = enabledBackend(mesh.spec);
  if (!backend) return undefined;
  const name = mesh.meta.name;
  const secrets = [...secretsOfMesh(name, mesh.spec).keys()].map((each) => view.get({ kind: 'Secret', mesh: name, name: each }));
  const cached = cache.get(mesh);
  if (cached && sameItems(cached.secrets, secrets)) return cached.ca;
  const ca = buildCa(mesh, backend, { view, mesh: name });
  cache.set(mesh, { secrets, ca });
  return ca;
}

function buildCa(mesh: Resource<MeshSpec>, backend: CertificateAuthorityBackend, context: DataSourceContext): MeshCa {
  const { cert, key } = readPair(backend, context);
  const certificates = splitCertificates(cert.toString('latin1'));
  const parsed = certificates.map((pem) => attempt(() => new X509Certificate(pem)));
  const privateKey = readPrivateKey(key);
  const certificate = privateKey && parsed.find((each) => each?.checkPrivateKey(privateKey));
  if (!certificate || !privateKey) throw unavailable(context.mesh, 'its certificate and key are no pair');
  const trustBundlePem = certificates.filter((_, i) => parsed[i] !== undefined).join('');
  return {
    mesh: context.mesh,
    backend: backend.name ?? '',
    mode: backend.mode ?? 'STRICT',
    supportedBackends: mesh.spec.mtls?.backends?.map(({ name }) => name ?? '') ?? [],
    certificate,
    key: privateKey,
    trustBundlePem,
    leafTtl: backend.dpCert?.rotation?.expiration || undefined,
    fingerprint: createHash('sha256')
      .update(certificate.raw)
      .update(trustBundlePem)
      .update(backend.name ?? '')
      .digest('hex'),
  };
}

function readPair(backend: CertificateAuthorityBackend, context: DataSourceContext): { cert: Buffer; key: Buffer } {
  const names = builtinCaSecretNames(context.mesh, backend.name ?? '');
  const sources = backend.type === 'builtin' ? { cert: { secret: names.cert }, key: { secret: names.key } } : backend.conf;
  try {
    return { cert: readDataSource(sources?.cert, context), key: readDataSource(sources?.key, context) };
  } catch (error) {
    if (error instanceof DataSourceError) throw unavailable(context.mesh, error.message);
    throw error;
  }
}

function unavailable(mesh: string, reason: string): MeshError {
  return new MeshError('unavailable', { public: `the CA of mesh "${mesh}" cannot be used: ${reason}` });
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
