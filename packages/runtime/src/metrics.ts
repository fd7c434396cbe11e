import { BUILD_INFO, PRODUCT } from '@mesh/core';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds, in the unit of the metric. */
  readonly buckets?: readonly number[];
}

export type { Counter, Gauge, Histogram };

/**
 * Metrics of one process. Asking twice for a name gives the same metric, so that services
 * composed in one process share it. Every series carries the label `zone` (contract/rest-api.md §7).
 */
export class Metrics {
  readonly registry = new Registry();
  private readonly scrapeListeners = new Set<() => void | Promise<void>>();

  /** @param zone name of the zone, or `Global`. */
  constructor(zone: string) {
    this.registry.setDefaultLabels({ zone });
  }

  /** Adds CPU, memory, handles and event loop delay of the process, and `cp_info` (contract/rest-api.md §7). */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry });
    const { version, buildDate, gitCommit, gitTag } = BUILD_INFO;
    const labels = { product: PRODUCT, version, build_date: buildDate, git_commit: gitCommit, git_tag: gitTag };
    this.gauge({ name: 'cp_info', help: 'What runs here; always 1.', labels: Object.keys(labels) }).set(labels, 1);
  }

  counter(options: MetricOptions): Counter {
    return this.existing(options.name, Counter) ?? new Counter(this.settings(options));
  }

  gauge(options: MetricOptions): Gauge {
    return this.existing(options.name, Gauge) ?? new Gauge(this.settings(options));
  }

  histogram(options: HistogramOptions): Histogram {
    const buckets = options.buckets ? { buckets: [...options.buckets] } : {};
    return this.existing(options.name, Histogram) ?? new Histogram({ ...this.settings(options), ...buckets });
  }

  /** Calls back before every scrape, which waits for it: for what is cheaper added up then than where it happens. */
  onScrape(update: () => void | Promise<void>): { unsubscribe(): void } {
    this.scrapeListeners.add(update);
    return { unsubscribe: () => void this.scrapeListeners.delete(update) };
  }

  /** The Prometheus text of all metrics. */
  async text(): Promise<string> {
    await Promise.all([...this.scrapeListeners].map((update) => update()));
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  private settings(options: MetricOptions) {
    return { name: options.name, help: options.help, labelNames: [...(options.labels ?? [])], registers: [this.registry] };
  }

  private existing<T>(name: string, type: abstract new (...args: never[]) => T): T | undefined {
    const metric: unknown = this.registry.getSingleMetric(name);
    if (metric === undefined) return undefined;
    if (metric instanceof type) return metric;
    throw new Error(`metric ${name} exists with another type`);
  }
}
