import { type ResourceDraft, type ResourceView, TAG_SERVICE } from '@mesh/core';
import type { ConfigSpec, DataplaneSpec, ExternalServiceSpec, MeshSpec, ZoneIngressSpec } from '@mesh/resources';
import ipaddr from 'ipaddr.js';
import { externalAddress } from '../context/endpoints.js';
import { inboundsOf } from '../context/inbounds.js';
import { isIpHost, isVipName } from './service-vips.js';
import { parseVipConfig, printVipConfig, type VipEntry, type VipOutbound, vipConfigMesh, vipConfigName } from './vip-config.js';

/** What needs a VIP in one mesh. */
export interface VipSource {
  readonly mesh: string;
  readonly type: VipEntry['type'];
  readonly name: string;
  readonly outbounds: VipEntry['outbounds'];
}

export interface VipAllocationOptions {
  /** Range of the addresses, IPv4 or IPv6. */
  readonly cidr: string;
}

/** Contents of the Config resource of each mesh. */
export type VipAllocation = ReadonlyMap<string, readonly VipEntry[]>;

/**
 * Gives every source an address. Pure: the same inputs give the same result. Addresses already
 * given are kept; a name has the same address in every mesh, so that DNS needs no mesh; addresses
 * outside the range are given up. A host that is an IP address stands for itself. Throws a RangeError where the range is exhausted.
 */
export function allocateVips(existing: VipAllocation, sources: readonly VipSource[], options: VipAllocationOptions): VipAllocation {
  const range = ipaddr.parseCIDR(options.cidr);
  const addresses = keptAddresses(existing, range);
  const used = new Set(addresses.values());
  const next = addressIterator(range, used);
  const result = new Map<string, VipEntry[]>();
  for (const source of [...sources].sort(compareSources)) {
    if (!isVipName(source.name)) continue;
    const key = `${source.type}/${source.name}`;
    let address = isIpHost(source) ? source.name : addresses.get(key);
    if (address === undefined) addresses.set(key, (address = next()));
    const entries = result.get(source.mesh) ?? [];
    entries.push({ type: source.type, name: source.name, address, outbounds: source.outbounds });
    result.set(source.mesh, entries);
  }
  return result;
}

/** Everything in the view that gets a VIP (contract/dataplane.md §5). Meshes in Exclusive mode have none. */
export function vipSources(view: ResourceView): VipSource[] {
  const found = new Sources(view);
  for (const dataplane of view.list<DataplaneSpec>('Dataplane')) {
    for (const inbound of inboundsOf(dataplane)) found.addService(dataplane.meta.mesh, inbound.service);
  }
  for (const ingress of view.list<ZoneIngressSpec>('ZoneIngress')) {
    for (const { mesh, tags } of ingress.spec.availableServices ?? []) found.addService(mesh || 'default', tags?.[TAG_SERVICE] ?? '');
  }
  for (const external of view.listSorted<ExternalServiceSpec>('ExternalService')) {
    const { mesh, name } = external.meta;
    const service = external.spec.tags?.[TAG_SERVICE] ?? '';
    const target = externalAddress(external.spec);
    if (service === '' || !target) continue;
    const outbound = { port: target.port, tags: { [TAG_SERVICE]: service } };
    found.add({ mesh, type: 'service', name: service, outbounds: [{ ...outbound, origin: 'service' }] });
    if (external.spec.networking?.disableHostDNSEntry) continue;
    found.add({ mesh, type: 'host', name: target.host, outbounds: [{ ...outbound, origin: `external-service:${name}` }] });
  }
  return [...found.sources.values()];
}

/** Collects sources by name, each with the outbounds of all that ask for it. */
class Sources {
  readonly sources = new Map<string, VipSource & { outbounds: VipOutbound[] }>();
  private readonly meshes: ReadonlySet<string>;

  constructor(view: ResourceView) {
    const withVips = view.list<MeshSpec>('Mesh').filter((mesh) => mesh.spec.meshServices?.mode !== 'Exclusive');
    this.meshes = new Set(withVips.map((mesh) => mesh.meta.name));
  }

  /** A service inside the mesh: it is reached at the port all VIPs have, and has none of its own. */
  addService(mesh: string, name: string): void {
    this.add({ mesh, type: 'service', name, outbounds: [{ port: 0, tags: { [TAG_SERVICE]: name }, origin: 'service' }] });
  }

  add(source: VipSource): void {
    const { mesh, type, name } = source;
    if (!this.meshes.has(mesh) || name === '') return;
    const key = `${mesh}/${type}/${name}`;
    let known = this.sources.get(key);
    if (!known) this.sources.set(key, (known = { mesh, type, name, outbounds: [] }));
    const has = ({ port, tags }: VipOutbound) =>
      known.outbounds.some((other) => other.port === port && other.tags[TAG_SERVICE] === tags[TAG_SERVICE]);
    known.outbounds.push(...source.outbounds.filter((outbound) => !has(outbound)));
  }
}

/** The allocation that is stored now. */
export function storedVips(view: ResourceView): VipAllocation {
  const stored = new Map<string, VipEntry[]>();
  for (const config of view.list<ConfigSpec>('Config', '')) {
    const mesh = vipConfigMesh(config.meta.name);
    if (mesh !== undefined) stored.set(mesh, parseVipConfig(config.spec.config ?? ''));
  }
  return stored;
}

/** Config resources to write: those that differ from what is stored. Meshes that need no VIP any more keep theirs. */
export function vipConfigDrafts(view: ResourceView, allocation: VipAllocation): ResourceDraft[] {
  const drafts: ResourceDraft[] = [];
  for (const [mesh, entries] of allocation) {
    const config = printVipConfig(entries);
    const name = vipConfigName(mesh);
    if (view.find<ConfigSpec>('Config', '', name)?.spec.config === config) continue;
    drafts.push({ kind: 'Config', mesh: '', name, spec: { config }, owner: { kind: 'Mesh', mesh: '', name: mesh } });
  }
  return drafts;
}

type Range = ReturnType<typeof ipaddr.parseCIDR>;

function keptAddresses(existing: VipAllocation, range: Range): Map<string, string> {
  const kept = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const mesh of [...existing.keys()].sort()) {
    for (const entry of existing.get(mesh) ?? []) {
      const key = `${entry.type}/${entry.name}`;
      const free = (owners.get(entry.address) ?? key) === key;
      if (kept.has(key) || !free || !inRange(entry.address, range)) continue;
      kept.set(key, entry.address);
      owners.set(entry.address, key);
    }
  }
  return kept;
}

function inRange(address: string, [base, bits]: Range): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  return parsed.kind() === base.kind() && parsed.match(base, bits);
}

/** Hands out the free addresses of the range in order, leaving out the network's own. */
function addressIterator([base, bits]: Range, used: Set<string>): () => string {
  const bytes = base.toByteArray();
  const width = BigInt(bytes.length * 8);
  const size = 1n << (width - BigInt(bits));
  const first = (bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) / size) * size;
  let offset = 0n;
  return () => {
    for (offset += 1n; offset < size; offset += 1n) {
      const address = formatAddress(first + offset, bytes.length);
      if (used.has(address)) continue;
      used.add(address);
      return address;
    }
    throw new RangeError(`no free address left in ${base.toString()}/${bits}`);
  };
}

function formatAddress(value: bigint, length: number): string {
  const bytes: number[] = [];
  for (let i = length - 1; i >= 0; i--) bytes.push(Number((value >> BigInt(i * 8)) & 0xffn));
  return ipaddr.fromByteArray(bytes).toString();
}

function compareSources(a: VipSource, b: VipSource): number {
  const left = `${a.type}/${a.name}/${a.mesh}`;
  const right = `${b.type}/${b.name}/${b.mesh}`;
  return left < right ? -1 : left > right ? 1 : 0;
}
