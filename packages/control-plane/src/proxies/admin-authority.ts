import type { Resource, ResourceView } from '@mesh/core';
import {
  ADMIN_CLIENT_NAME,
  type CaPair,
  ENVOY_ADMIN_CA,
  issueClientCertificate,
  issueServerCertificate,
  issueServerCertificateNow,
  readSystemCa,
  secretContent,
} from '@mesh/identity';
import { hashOf, type TlsOnDemand } from '@mesh/xds';

/** Certificate, key and CA of one end of a connection to an admin endpoint. */
export interface AdminTls {
  readonly certPem: string;
  readonly keyPem: string;
  readonly caPem: string;
}

const TEN_YEARS_MS = 87_600 * 3_600_000;
/** Certificates that were made for proxies which then did not take them. */
const PREPARED_MAX = 1_000;

/** The CA of Envoy's admin endpoints, as the view has it (contract/dataplane.md §3.4, §8). */
export class AdminAuthority {
  private read: { secret: Resource; ca: CaPair } | undefined;
  private client: { content: string; tls: Promise<AdminTls> } | undefined;
  /** By version, oldest first. */
  private readonly prepared = new Map<string, AdminTls>();

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
   * What a proxy's admin listener shows: a certificate for its address, made when the proxy turns out to need one. Undefined where
   * there is no CA; the listener serves `/ready` alone then.
   */
  serverTls(proxy: Resource<unknown>): TlsOnDemand | undefined {
    const ca = this.ca();
    if (!ca) return undefined;
    const address = addressOf(proxy);
    const version = hashOf(`${ca.certPem}/${address}`);
    return { version, make: () => this.takePrepared(version) ?? withCa(ca, issueServerCertificateNow(ca, requestFor(address))) };
  }

  /** Makes the certificate of a proxy off the main thread, so that it is there when the proxy is given its listener. */
  async prepare(proxy: Resource<unknown>): Promise<void> {
    const ca = this.ca();
    const version = this.serverTls(proxy)?.version;
    if (!ca || version === undefined || this.prepared.has(version)) return;
    this.prepared.set(version, withCa(ca, await issueServerCertificate(ca, requestFor(addressOf(proxy)))));
    for (const oldest of this.prepared.keys()) {
      if (this.prepared.size <= PREPARED_MAX) break;
      this.prepared.delete(oldest);
    }
  }

  private takePrepared(version: string): AdminTls | undefined {
    const prepared = this.prepared.get(version);
    this.prepared.delete(version);
    return prepared;
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

function addressOf(proxy: Resource<unknown>): string {
  return (proxy.spec as { networking?: { address?: string } }).networking?.address ?? '';
}

function requestFor(address: string) {
  return { hosts: [address === '' ? 'localhost' : address], now: Date.now(), ttlMs: TEN_YEARS_MS };
}

function withCa(ca: CaPair, { certPem, keyPem }: CaPair): AdminTls {
  return { certPem, keyPem, caPem: ca.certPem };
}
