import type { Resource, ResourceView } from '@mesh/core';
import {
  ADMIN_CLIENT_NAME,
  type CaPair,
  ENVOY_ADMIN_CA,
  issueClientCertificate,
  issueServerCertificate,
  readSystemCa,
  secretContent,
} from '@mesh/identity';
import type { AdminClientTls } from '../admin/proxy-admin.js';
import type { CertificateOrder } from './keeper.js';

const TEN_YEARS_MS = 87_600 * 3_600_000;

/** The CA of Envoy's admin endpoints, as the view has it (contract/dataplane.md §3.4, §8). */
export class AdminAuthority {
  private read: { secret: Resource; ca: CaPair } | undefined;
  private client: { content: string; tls: Promise<AdminClientTls> } | undefined;

  constructor(private readonly view: ResourceView) {}

  /** The CA; undefined while the leader has not made it. Throws `unavailable` where it cannot be read. */
  ca(): CaPair | undefined {
    const secret = this.view.find('GlobalSecret', '', ENVOY_ADMIN_CA);
    if (!secret) return undefined;
    if (this.read?.secret !== secret) this.read = { secret, ca: readSystemCa(secretContent(secret)) };
    return this.read.ca;
  }

  /** Order for the server certificate of a proxy's admin listener. */
  order(ca: CaPair, address: string): CertificateOrder {
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
  clientTls(): Promise<AdminClientTls> {
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
