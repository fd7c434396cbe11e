import { type ProxyCertificate, type ProxyInsight, ProxyXds, type ProxyXdsOptions, timestamp } from '@mesh/control-plane/proxies';
import type { ResourceDraft, ResourceKey } from '@mesh/core';
import type { MeshSpec } from '@mesh/resources';
import { CrossZoneWarnings } from './cross-zone-warnings.js';
import { SidecarSource } from './sidecars.js';

export interface ZoneXdsOptions extends ProxyXdsOptions {
  readonly parseInline: (json: string) => ResourceDraft;
}

/** Turns the view into configuration of sidecars. */
export function zoneXds(options: ZoneXdsOptions): ProxyXds {
  return new ProxyXds(options, {
    kinds: new Set(['Dataplane']),
    parseInline: options.parseInline,
    source: (parts) => new SidecarSource(parts),
    onContextBuilt: new CrossZoneWarnings(options.log).observe,
    onCertificate: (key, issued) => recordCertificate(key, { ...options, ...issued }),
  });
}

function recordCertificate(
  key: ResourceKey,
  context: ZoneXdsOptions & { readonly certificate: ProxyCertificate; readonly insight: ProxyInsight | undefined },
): void {
  const { view, certificate, insight } = context;
  const mtls = view.find<MeshSpec>('Mesh', '', key.mesh)?.spec.mtls;
  insight?.certificateIssued({
    certificateExpirationTime: timestamp(certificate.expiresAtMs),
    lastCertificateRegeneration: timestamp(certificate.issuedAtMs),
    issuedBackend: mtls?.enabledBackend ?? '',
    supportedBackends: (mtls?.backends ?? []).map((backend) => backend.name ?? ''),
  });
}
