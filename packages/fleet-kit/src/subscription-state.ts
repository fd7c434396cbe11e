import type { Content } from './contents.js';

/** A resource a proxy holds, with the version it came in (delta: its own, SotW: that of its type). */
export interface Held {
  readonly content: Content;
  readonly version: string;
}

/** What a proxy knows of one type. Survives streams, as it does in Envoy. */
export class SubscriptionState {
  readonly held = new Map<string, Held>();
  /** Names asked for; a wildcard has none. */
  names: readonly string[] = [];
  /** Last accepted version (SotW). */
  version = '';
  /** Nonce of the last response on this stream. */
  nonce = '';
  /** A request of this type was sent on this stream. */
  requested = false;

  constructor(
    readonly typeUrl: string,
    readonly wildcard: boolean,
  ) {}

  /** A new stream: what is held stays, what was asked on the old one is void. */
  reconnected(): void {
    this.nonce = '';
    this.requested = false;
  }

  /** Drops what is not in `names` any more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.held.keys()) if (!names.has(name)) this.held.delete(name);
  }
}
