import ipaddr from 'ipaddr.js';

/** One name of the mesh and its virtual IPs. */
export interface NameEntry {
  /** Fully qualified, without the trailing dot, any case. */
  readonly hostname: string;
  readonly addresses: readonly string[];
}

/** What a name has: addresses by family; `undefined` from `lookup` means the name does not exist. */
export interface NameAddresses {
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

const NOTHING: NameAddresses = { v4: [], v6: [] };

/** All names of the zones this server is authoritative for. Immutable; a change makes a new one. */
export class NameTable {
  private readonly names = new Map<string, NameAddresses>();

  /**
   * @param suffixes the zones served ("mesh"), lower case, without dots at the ends.
   * @param serial serial of the SOA: grows with every change.
   */
  constructor(
    readonly suffixes: readonly string[],
    entries: readonly NameEntry[],
    readonly serial: number,
  ) {
    for (const entry of entries) this.add(entry);
  }

  /** The zone a name lies in, or undefined where it is not ours. */
  zoneOf(name: string): string | undefined {
    return this.suffixes.find((suffix) => name === suffix || name.endsWith(`.${suffix}`));
  }

  /** Addresses of a lower-case name; empty for names that only have names below them (RFC 4592 §2.2.2). */
  lookup(name: string): NameAddresses | undefined {
    return this.names.get(name);
  }

  get size(): number {
    return this.names.size;
  }

  private add(entry: NameEntry): void {
    const name = entry.hostname.toLowerCase().replace(/\.$/, '');
    const zone = this.zoneOf(name);
    if (zone === undefined || name === zone) return;
    const valid = entry.addresses.filter((address) => ipaddr.isValid(address));
    const known = this.names.get(name) ?? NOTHING;
    this.names.set(name, {
      v4: [...known.v4, ...valid.filter((a) => ipaddr.parse(a).kind() === 'ipv4')],
      v6: [...known.v6, ...valid.filter((a) => ipaddr.parse(a).kind() === 'ipv6')],
    });
    for (let parent = parentOf(name); parent.length > zone.length; parent = parentOf(parent)) {
      if (!this.names.has(parent)) this.names.set(parent, NOTHING);
    }
  }
}

function parentOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}
