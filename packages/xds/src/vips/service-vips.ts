import { isDns1123Subdomain, type ResourceView } from '@mesh/core';
import type { ConfigSpec } from '@mesh/resources';
import { isIp } from '../model/addresses.js';
import { parseVipConfig, type VipOutbound, vipConfigMesh } from './vip-config.js';

export interface VipOptions {
  /** Port at which a VIP reaches its service, whatever the service's own port. */
  readonly port: number;
  /** Top-level domain of the names, without a dot; `mesh` by default. */
  readonly domain: string;
}

/** What a Kuma without configuration uses. */
export const DEFAULT_VIP_OPTIONS: VipOptions = { port: 80, domain: 'mesh' };

/** A VIP with the names that resolve to it. */
export interface MeshVip {
  /** Service, or host name of an external service. */
  readonly name: string;
  readonly mesh: string;
  readonly address: string;
  readonly port: number;
  /** Names of DNS: `backend_x_svc_80.mesh` and `backend.x.svc.80.mesh`. */
  readonly hostnames: readonly string[];
  readonly outbounds: readonly VipOutbound[];
}

/** True for names that DNS can carry once underscores are read as dots. */
export function isVipName(name: string): boolean {
  return isDns1123Subdomain(name.replaceAll('_', '.'));
}

/** Names under which a service is found: itself and its dotted form. */
export function serviceHostnames(name: string, domain: string): string[] {
  return [...new Set([`${name}.${domain}`, `${name.replaceAll('_', '.')}.${domain}`])];
}

/** VIPs of all meshes, read from the Config resources the allocator wrote; ordered by mesh and name. */
export function vipsFromConfigs(view: ResourceView, options: VipOptions = DEFAULT_VIP_OPTIONS): MeshVip[] {
  const vips: MeshVip[] = [];
  for (const config of view.listSorted<ConfigSpec>('Config', '')) {
    const mesh = vipConfigMesh(config.meta.name);
    if (mesh === undefined) continue;
    const entries = parseVipConfig(config.spec.config ?? '').sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    for (const entry of entries) {
      if (!isIp(entry.address)) continue;
      const hostnames = entry.type === 'service' ? serviceHostnames(entry.name, options.domain) : [entry.name];
      vips.push({ name: entry.name, mesh, address: entry.address, port: options.port, hostnames, outbounds: entry.outbounds });
    }
  }
  return vips;
}
