import { keyOf, type Resource, type ResourceView } from '@mesh/core';
import {
  ADMIN_CLIENT_NAME,
  type CaPair,
  ENVOY_ADMIN_CA,
  issueClientCertificate,
  issueServerCertificate,
  readSystemCa,
  secretContent,
} from '@mesh/identity';
import type { CertificateKeeper, CertificateOrder } from './certificate-keeper.js';

/** Certificate, key and CA of one end of a connection to an admin endpoint. */
export interface AdminTls {
  readonly certPem: string;
  readonly keyPem: string;
  readonly caPem: string;
}

const TEN_YEARS_MS = 87_600 * 3_600_000;

/** The CA of Envoy's admin endpoints, as the view has it (contract/dataplane.md §3.4, §8). */
export class AdminAuthority {
  private read: { secret: Resource; ca: CaPair } | undefined;
  private client: { content: string; tls: Promise<AdminTls> } | undefined;

  constructor(private readonly view: ResourceView) {}

  /** The CA; undefined while the leader has not made it. Throws `unavailable` where it cannot be read. */
  ca(): CaPair | undefined {
    const secret = this.view.get({ kind: 'GlobalSecret', mesh: '', name: ENVOY_ADMIN_CA });
    if (!secret) return undefined;
    if (this.read?.secret === secret) return this.read.ca;
    const ca = readSystemCa(secretContent(secret));
    this.read = { secret, ca };
    return ca;
  }

  /**
   * What a proxy's admin listener shows: its own certificate from the keeper. Undefined where there
   * is no CA, and until the certificate is made; the listener serves `/ready` alone then.
   */
  serverTls(proxy: Resource<unknown>, certificates: CertificateKeeper): AdminTls | undefined {
    const ca = this.ca();
    if (!ca) return undefined;
    const { networking } = proxy.spec as { networking?: { address?: string } };
    const certificate = certificates.want(keyOf(proxy), this.order(ca, networking?.address ?? ''));
    return certificate && { certPem: certificate.certificatePem, keyPem: certificate.privateKeyPem, caPem: ca.certPem };
  }

  /** Order for the server certificate of a proxy's admin listener. */
  private order(ca: CaPair, address: string): CertificateOrder {
    return {
      fingerprint: `${ca.certPem}/${address}`,
      issue: async () => {
        const now = Date.now();
        const { certPem, keyPem } = await issueServerCertificate(ca, {
          hosts: address === '' ? ['localhost'] : [address],
          now,
          ttlMs: TEN_YEARS_MS,
        });
        return { certificatePem: certPem, privateKeyPem: keyPem, issuedAtMs: now, expiresAtMs: now + TEN_YEARS_MS };
      },
    };
  }

  /** The certificate with which the control plane speaks to proxies; made once per CA. */
  clientTls(): Promise<AdminTls> {
    const ca = this.ca();
    if (!ca) return Promise.reject(new Error(`GlobalSecret ${ENVOY_ADMIN_CA} does not exist yet`));
    if (this.client?.content !== ca.certPem) {
      const tls = issueClientCertificate(ca, { hosts: [ADMIN_CLIENT_NAME], now: Date.now() }).then((pair) => ({
        ...pair,
        caPem: ca.certPem,
      }));
      this.client = { content: ca.certPem, tls };
    }
    return this.client.tls;
  }
}
