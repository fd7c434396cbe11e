import type { Counter, Metrics } from '@mesh/runtime';
import type { Transport } from './resolver.js';

const RCODE_NAMES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
/** Response codes without EDNS (RFC 1035 §4.1.1). */
const RCODES = 16;

/**
 * The metric `dns_queries_total`. Queries are counted in numbers of its own and given to the metric
 * when it is read: finding a series by its labels costs more than answering from the cache.
 */
export class QueryCounts {
  private readonly counter: Counter;
  private readonly pending: Record<Transport, Float64Array> = { udp: new Float64Array(RCODES), tcp: new Float64Array(RCODES) };
  private readonly subscription: { unsubscribe(): void };

  constructor(metrics: Metrics) {
    this.counter = metrics.counter({ name: 'dns_queries_total', help: 'Answered DNS queries.', labels: ['transport', 'rcode'] });
    this.subscription = metrics.onScrape(() => this.flush());
  }

  /** Counts an answer; `rcode` is 0 to 15. */
  add(transport: Transport, rcode: number): void {
    (this.pending[transport][rcode] as number)++;
  }

  /** Stops giving counts to the metric. */
  close(): void {
    this.flush();
    this.subscription.unsubscribe();
  }

  private flush(): void {
    for (const [transport, counts] of Object.entries(this.pending)) {
      counts.forEach((count, rcode) => {
        if (count > 0) this.counter.inc({ transport, rcode: RCODE_NAMES[rcode] ?? String(rcode) }, count);
        counts[rcode] = 0;
      });
    }
  }
}
