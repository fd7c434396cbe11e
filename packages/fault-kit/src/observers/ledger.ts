import { setTimeout as delay } from 'node:timers/promises';
import { type ApiClient, until } from '@mesh/lab-kit';

/** An item that is written again and again, each time with a higher number. */
export interface Item {
  readonly path: string;
  readonly document: (value: number) => object;
  /** The number in what the API gives back. */
  readonly read: (found: unknown) => number | undefined;
}

interface Entry {
  /** Highest number a write was acknowledged for. */
  acknowledged: number;
  /** Highest number that was ever sent: its fate may be unknown. */
  attempted: number;
}

const PAUSE_MS = 50;
const PATIENCE_MS = 3_000;

/** Writes items of one API round and round, remembers what was acknowledged, and says what of it is not there. */
export class Ledger {
  private readonly entries = new Map<Item, Entry>();
  private stopped = false;
  private running: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    private readonly api: ApiClient,
    private readonly items: readonly Item[],
  ) {}

  get acknowledged(): number {
    return [...this.entries.values()].reduce((sum, entry) => sum + entry.acknowledged, 0);
  }

  start(): void {
    this.stopped = false;
    this.running = this.run();
  }

  /** Writes no more; resolves when the last write has ended one way or the other. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** Whatever was acknowledged is known to be gone. */
  forget(): void {
    for (const entry of this.entries.values()) entry.acknowledged = 0;
  }

  /** Compares the API with what it acknowledged; each finding is a lost or an invented write. Waits until the API answers. */
  async findings(): Promise<string[]> {
    const found: string[] = [];
    for (const [item, { acknowledged, attempted }] of this.entries) {
      const answer = await until({ what: `${this.name}: GET ${item.path}`, deadlineMs: 60_000, intervalMs: 100 }, async () => ({
        value: await this.api.get(item.path),
      }));
      const value = answer.value === undefined ? 0 : (item.read(answer.value) ?? 0);
      if (value < acknowledged || value > attempted)
        found.push(`${this.name}: ${item.path} is ${value}, acknowledged was ${acknowledged}, attempted ${attempted}`);
    }
    return found;
  }

  private async run(): Promise<void> {
    for (let turn = 0; !this.stopped; turn++) {
      const item = this.items[turn % this.items.length] as Item;
      const entry = this.entries.get(item) ?? { acknowledged: 0, attempted: 0 };
      this.entries.set(item, entry);
      const value = ++entry.attempted;
      const isWritten = await put(this.api, item.path, item.document(value));
      if (isWritten) entry.acknowledged = value;
      await delay(PAUSE_MS);
    }
  }
}

/** Whether a PUT was acknowledged; false where it failed, or nobody knows. */
export async function put(api: ApiClient, path: string, document: object): Promise<boolean> {
  try {
    const response = await fetch(api.url + path, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(document),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}
