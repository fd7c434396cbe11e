import { isDns1123Subdomain, type Resource, type ResourceView } from '@mesh/core';
import type { ConfigSpec } from '@mesh/resources';
import { isIp } from '../model/addresses.js';
import { parseVipConfig, type VipEntry, type VipOutbound, vipConfigMesh } from './vip-config.js';

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
  /** The address of a host outside the mesh itself, not one of ours: it answers on its own ports alone, and nobody can listen there. */
  readonly isHostAddress: boolean;
  readonly port: number;
  /** Names of DNS: `backend_x_svc_80.mesh` and `backend.x.svc.80.mesh`. */
  readonly hostnames: readonly string[];
  readonly outbounds: readonly VipOutbound[];
}

/** True for names that DNS can carry once underscores are read as dots. */
export function isVipName(name: string): boolean {
  return isDns1123Subdomain(name.replaceAll('_', '.'));
}

/**
 * True for a host of an external service that is an IP address: nothing resolves to it, and only what transparent
 * proxying takes from it reaches Envoy.
 */
export function isIpHost({ type, name }: Pick<VipEntry, 'type' | 'name'>): boolean {
  return type === 'host' && isIp(name);
}

/** Names under which a service is found: itself and its dotted form. */
export function serviceHostnames(name: string, domain: string): string[] {
  return [...new Set([`${name}.${domain}`, `${name.replaceAll('_', '.')}.${domain}`])];
}

/** VIPs of all meshes, or of one, read from the Config resources the allocator wrote; ordered by mesh and name. */
export function vipsFromConfigs(view: ResourceView, options: VipOptions = DEFAULT_VIP_OPTIONS, mesh?: string): MeshVip[] {
  return view.listSorted<ConfigSpec>('Config', '').flatMap((config) => {
    const of = vipConfigMesh(config.meta.name);
    return of === undefined || (mesh !== undefined && of !== mesh) ? [] : vipsOf(config, of, options);
  });
}

/** Configs are never edited: what was read of one holds as long as there is somebody who has it. */
const parsed = new WeakMap<Resource<ConfigSpec>, { readonly options: string; readonly vips: readonly MeshVip[] }>();

function vipsOf(config: Resource<ConfigSpec>, mesh: string, { port, domain }: VipOptions): readonly MeshVip[] {
  const options = `${port}/${domain}`;
  const known = parsed.get(config);
  if (known?.options === options) return known.vips;
  const entries = parseVipConfig(config.spec.config ?? '').sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const vips = entries
    .filter((entry) => isIp(entry.address))
    .map((entry) => {
      const { name, address, outbounds } = entry;
      const isHostAddress = isIpHost(entry);
      const hostnames = isHostAddress ? [] : entry.type === 'service' ? serviceHostnames(name, domain) : [name];
      return { name, mesh, address, isHostAddress, port, hostnames, outbounds };
    });
  parsed.set(config, { options, vips });
  return vips;
}
