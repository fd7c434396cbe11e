import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** All addresses of a name; throws where there is none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

export interface AddressBookOptions {
  /** How long an answer holds (`general.dnsCacheTTL`), in milliseconds. */
  readonly ttlMs: number;
  /** Called when the address of a wanted name changed. */
  readonly onChange: () => void;
  readonly lookup?: Lookup;
}

/**
 * Addresses of the DNS names that proxies advertise: the lexicographically smallest, looked up
 * anew after the TTL while somebody wants the name. A failed look-up keeps the last known address.
 */
export class AddressBook {
  private readonly known = new Map<string, string>();
  private readonly pending = new Set<string>();
  private wanted = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: AddressBookOptions) {}

  /** Names resolved so far; names without an answer yet are missing. */
  get resolved(): ReadonlyMap<string, string> {
    return this.known;
  }

  /** Says which addresses are in use; those that are IPs already are ignored. */
  want(addresses: Iterable<string>): void {
    this.wanted = new Set([...addresses].filter((address) => address !== '' && isIP(address) === 0));
    for (const name of this.known.keys()) if (!this.wanted.has(name)) this.known.delete(name);
    for (const name of this.wanted) if (!this.known.has(name)) void this.resolve(name);
    this.schedule();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.wanted.clear();
  }

  private schedule(): void {
    if (this.wanted.size === 0) return this.stop();
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      for (const name of this.wanted) void this.resolve(name);
      this.schedule();
    }, this.options.ttlMs);
    this.timer.unref();
  }

  private async resolve(name: string): Promise<void> {
    if (this.pending.has(name)) return;
    this.pending.add(name);
    try {
      const [smallest] = [...(await (this.options.lookup ?? systemLookup)(name))].sort();
      if (smallest === undefined || !this.wanted.has(name) || this.known.get(name) === smallest) return;
      this.known.set(name, smallest);
      this.options.onChange();
    } catch {
      // The last known address stays; without one, endpoints behind the name are left out.
    } finally {
      this.pending.delete(name);
    }
  }
}

async function systemLookup(name: string): Promise<readonly string[]> {
  const addresses = await lookup(name, { all: true });
  return addresses.map((address) => address.address);
}
