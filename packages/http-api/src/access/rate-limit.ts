/** A client that is not known any more starts with a full allowance. */
const CLIENTS_MAX = 10_000;

interface Bucket {
  tokens: number;
  /** Milliseconds since the epoch. */
  at: number;
}

/** Requests per second and client: each has an allowance of one second's worth that fills up evenly. */
export class RateLimit {
  private readonly buckets = new Map<string, Bucket>();

  /** @param perSecond 0: no limit. */
  constructor(
    private readonly perSecond: number,
    private readonly now: () => number,
  ) {}

  /** Takes one request off the allowance of a client; returns the seconds to wait where there is none left, else 0. */
  take(client: string): number {
    if (this.perSecond <= 0) return 0;
    const now = this.now();
    const bucket = this.bucketOf(client, now);
    bucket.tokens = Math.min(this.perSecond, bucket.tokens + ((now - bucket.at) / 1000) * this.perSecond);
    bucket.at = now;
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / this.perSecond));
    bucket.tokens -= 1;
    return 0;
  }

  private bucketOf(client: string, now: number): Bucket {
    const known = this.buckets.get(client);
    if (known) return known;
    if (this.buckets.size >= CLIENTS_MAX) this.forgetOldest();
    const bucket = { tokens: this.perSecond, at: now };
    this.buckets.set(client, bucket);
    return bucket;
  }

  private forgetOldest(): void {
    for (const client of this.buckets.keys()) {
      this.buckets.delete(client);
      return;
    }
  }
}
