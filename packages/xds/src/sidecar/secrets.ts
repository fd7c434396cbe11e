import { create } from '@bufbuild/protobuf';
import { LateResource, type SnapshotResource } from '@mesh/delta';
import { SecretSchema } from '@mesh/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js';
import { identitySecretName, meshCaSecretName } from '../model/names.js';
import { encodeResource } from '../snapshot/encode.js';
import type { ResourceCollector } from './collector.js';
import type { ProxyIdentity } from './input.js';

/** Certificate, key and trusted roots of a proxy, as SDS hands them out (contract/dataplane.md §2.6). */
export function addSecrets(collector: ResourceCollector, mesh: string, identity: ProxyIdentity | undefined): void {
  const identityName = identitySecretName(mesh);
  const caName = meshCaSecretName(mesh);
  collector.useSecrets(identityName, caName);
  if (!identity) return;
  collector.addSecretResource(ownSecret(identityName, identity));
  const roots = identity.caPems.map((pem) => (pem.endsWith('\n') ? pem : `${pem}\n`)).join('');
  collector.addSecret(
    SecretSchema,
    caName,
    create(SecretSchema, { name: caName, type: { case: 'validationContext', value: { trustedCa: bytes(roots) } } }),
  );
}

/** Certificate and key; made when they are sent where the version is known before. */
function ownSecret(name: string, identity: ProxyIdentity): SnapshotResource {
  const make = () => {
    const value = { certificateChain: bytes(identity.certPem), privateKey: bytes(identity.keyPem) };
    return encodeResource(SecretSchema, name, create(SecretSchema, { name, type: { case: 'tlsCertificate', value } }));
  };
  return identity.version === undefined ? make() : new LateResource(name, identity.version, () => make().body);
}

function bytes(pem: string) {
  return { specifier: { case: 'inlineBytes' as const, value: Buffer.from(pem) } };
}
