import { create } from '@bufbuild/protobuf';
import { SecretSchema } from '@mesh/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { identitySecretName, meshCaSecretName } from '../model/names.js';
import type { ResourceCollector } from './collector.js';
import type { ProxyIdentity } from './input.js';

/** Certificate, key and trusted roots of a proxy, as SDS hands them out (contract/dataplane.md §2.6). */
export function addSecrets(collector: ResourceCollector, mesh: string, identity: ProxyIdentity | undefined): void {
  const identityName = identitySecretName(mesh);
  const caName = meshCaSecretName(mesh);
  collector.useSecrets(identityName, caName);
  if (!identity) return;
  const bytes = (pem: string) => ({ specifier: { case: 'inlineBytes' as const, value: Buffer.from(pem) } });
  collector.addSecret(
    SecretSchema,
    identityName,
    create(SecretSchema, {
      name: identityName,
      type: { case: 'tlsCertificate', value: { certificateChain: bytes(identity.certPem), privateKey: bytes(identity.keyPem) } },
    }),
  );
  const roots = identity.caPems.map((pem) => (pem.endsWith('\n') ? pem : `${pem}\n`)).join('');
  collector.addSecret(
    SecretSchema,
    caName,
    create(SecretSchema, { name: caName, type: { case: 'validationContext', value: { trustedCa: bytes(roots) } } }),
  );
}
