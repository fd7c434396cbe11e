import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Announcement, type JsonObject, MeshError, type ResourceDraft, type ResourceView } from '@mesh/core';
import { stringify } from 'yaml';
import { type AdsTarget, type BootstrapParams, envoyBootstrap } from './envoy-config.js';
import { type BootstrapProxy, type BootstrapProxyType, proxyTypeOf, resolveProxy } from './proxy.js';
import type { BootstrapRequest } from './request.js';
import { checkIsAuthority, checkServerName } from './server-identity.js';

export interface BootstrapOptions extends BootstrapParams {
  readonly view: ResourceView;
  readonly parseInline: (json: string) => ResourceDraft;
  /** Admin port of proxies that name none; 0: no admin listener. */
  readonly adminPort: number;
  /** Host proxies dial for xDS; empty: the host of the request. */
  readonly xdsHost: string;
  readonly xdsPort: () => number;
  /** PEM of the data-plane server's certificate. */
  readonly certificatePem: string;
  /** A token must come along; whether it is good is checked on the xDS stream. */
  readonly tokenRequired: (proxyType: BootstrapProxyType) => boolean;
  /** Where the ingress manager of this zone serves xDS, once it announced itself. */
  readonly zoneProxyXds: () => Announcement | undefined;
  /** Text of `corefileTemplatePath`, where configured. */
  readonly corefileTemplate?: string;
}

/** A generated bootstrap and what kuma-dp is told beside it. */
export interface Bootstrap {
  readonly yaml: string;
  readonly sidecar: JsonObject;
}

/** Makes bootstraps: pure but for a DNS lookup of the host the proxy dials. */
export class BootstrapGenerator {
  constructor(private readonly options: BootstrapOptions) {}

  /** @param host the HTTP `Host` of the request, without port. */
  async generate(request: BootstrapRequest, host: string): Promise<Bootstrap> {
    const { options } = this;
    if (options.tokenRequired(proxyTypeOf(request)) && request.dataplaneToken === '' && request.dataplaneTokenPath === '') {
      throw new MeshError('invalid', {
        public:
          "Dataplane Token is required. Generate token using 'kumactl generate dataplane-token > /path/file' and provide it via " +
          '--dataplane-token-file=/path/file argument to Kuma DP',
      });
    }
    const proxy = resolveProxy({ request, view: options.view, defaultAdminPort: options.adminPort, parseInline: options.parseInline });
    const config = envoyBootstrap({ request, proxy, params: options, ads: await this.adsTarget({ request, proxy, host }) });
    return {
      yaml: stringify(config, { sortMapEntries: true, lineWidth: 0, indentSeq: false, singleQuote: null }),
      sidecar: this.sidecar(proxy),
    };
  }

  private async adsTarget(from: { request: BootstrapRequest; proxy: BootstrapProxy; host: string }): Promise<AdsTarget> {
    const { options } = this;
    const dialled = options.xdsHost || from.host;
    if (options.xdsHost === '') checkServerName(options.certificatePem, dialled);
    if (from.request.caCert === '') checkIsAuthority(options.certificatePem);
    const target = from.proxy.proxyType === 'dataplane' ? { host: dialled, port: options.xdsPort() } : this.zoneProxyTarget(dialled);
    return { ...target, ipv4Only: await resolvesToIpv4Only(target.host), caPem: from.request.caCert || options.certificatePem };
  }

  /** Zone proxies are served by the ingress manager; until it is there, the proxy shall ask again. */
  private zoneProxyTarget(dialled: string): { host: string; port: number } {
    const announced = this.options.zoneProxyXds();
    if (!announced) throw new MeshError('unavailable', { public: 'no ingress-manager has announced itself to this control plane yet' });
    return { host: announced.host || dialled, port: announced.port };
  }

  private sidecar(proxy: BootstrapProxy): JsonObject {
    const template = this.options.corefileTemplate;
    return {
      networking: { corefileTemplate: template === undefined ? null : Buffer.from(template).toString('base64'), address: proxy.address },
      metrics: { aggregate: [] },
    };
  }
}

async function resolvesToIpv4Only(host: string): Promise<boolean> {
  if (isIP(host)) return false;
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return addresses.length > 0 && addresses.every((address) => address.family === 4);
}
