import { type CertificateOrder, type ProxyCertificate, tagValuesOf } from '@mesh/control-plane/proxies';
import { type Clock, TAG_SERVICE } from '@mesh/core';
import { issueLeaf, issueLeafNow, type Leaf, leafNotAfter, type MeshCa } from '@mesh/identity';
import type { DataplaneInsightMtls, DataplaneSpec } from '@mesh/resources';
import { hashOf } from '@mesh/xds';

export interface LeafOrderParts {
  readonly ca: MeshCa;
  readonly spec: DataplaneSpec;
  readonly clock: Clock;
  /** What is recorded of the certificate that the sidecar came with; undefined where it came with none. */
  readonly recorded: () => DataplaneInsightMtls | undefined;
}

/**
 * What the certificate of a sidecar must say, and who issues it. Its version is of the issuer, its services and tags, and of when it was
 * issued and until when: all of that is known after a restart of the control plane too, from the insight. So a sidecar that has
 * a certificate in that version keeps it. One that does not have it is given another that ends when the recorded one does.
 */
export function leafOrder({ ca, spec, clock, recorded }: LeafOrderParts): CertificateOrder {
  const tags = tagValuesOf(spec);
  const request = (now: number) => ({ services: tags[TAG_SERVICE] ?? [], tags, now });
  // A further root to trust is no reason for a new certificate.
  const fingerprint = `${ca.certificate.fingerprint256}/${ca.leafTtl ?? ''}/${JSON.stringify(tags)}`;
  return {
    fingerprint,
    issue: async () => {
      const leaf = await issueLeaf(ca, request(clock.now()));
      return certificateOf({ fingerprint, issuedAt: leaf.issuedAt, notAfter: leaf.notAfter, leaf: () => leaf });
    },
    recall: () => {
      const issuedAt = issuedAtOf(recorded(), ca);
      if (issuedAt === undefined || issuedAt > clock.now()) return undefined;
      let leaf: Leaf | undefined;
      return certificateOf({
        fingerprint,
        issuedAt,
        notAfter: leafNotAfter(ca, issuedAt),
        leaf: () => (leaf ??= issueLeafNow(ca, request(issuedAt))),
      });
    },
  };
}

/** When the recorded certificate was issued; undefined unless this CA would issue one that ends when it does. */
function issuedAtOf(recorded: DataplaneInsightMtls | undefined, ca: MeshCa): number | undefined {
  const { issuedBackend, lastCertificateRegeneration = '', certificateExpirationTime = '' } = recorded ?? {};
  const issuedAt = Date.parse(lastCertificateRegeneration);
  const isOurs = issuedBackend === ca.backend && Date.parse(certificateExpirationTime) === leafNotAfter(ca, issuedAt);
  return isOurs ? issuedAt : undefined;
}

interface CertificateParts extends Pick<Leaf, 'issuedAt' | 'notAfter'> {
  readonly fingerprint: string;
  readonly leaf: () => Leaf;
}

function certificateOf({ fingerprint, issuedAt, notAfter, leaf }: CertificateParts): ProxyCertificate {
  return {
    issuedAtMs: issuedAt,
    expiresAtMs: notAfter,
    version: hashOf(`${fingerprint}/${issuedAt}/${notAfter}`),
    get certificatePem() {
      return leaf().certPem;
    },
    get privateKeyPem() {
      return leaf().keyPem;
    },
  };
}
