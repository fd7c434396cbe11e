import type { Metrics } from '@mesh/runtime';
import type { EngineOptions } from './engine.js';

/** Metrics of configuration for proxies (contract/rest-api.md §7). */
export interface XdsMetrics {
  readonly generated: NonNullable<EngineOptions['onGenerated']>;
  connected(): void;
  disconnected(): void;
  certificateFailed(): void;
  /** All proxies were compared with what they would get from scratch, and so many differ that did not before. */
  compared(found: number): void;
  /** Given what counts the proxies that wait to be served. */
  countWaiting(count: () => number): void;
  /** For one stream of a proxy. */
  stream(): StreamMetrics;
}

/** What is counted of one ADS stream. */
export interface StreamMetrics {
  /** @param sinceMs `performance.now` when the oldest change in it reached the view; undefined where no change is behind it. */
  sent(typeUrl: string, sinceMs: number | undefined): void;
  answered(typeUrl: string, confirmation: 'ACK' | 'NACK'): void;
  /** The proxy has accepted all that it was sent. */
  settled(): void;
}

const DELIVERY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const PROXY_TYPES = { Dataplane: 'dataplane', ZoneIngress: 'ingress', ZoneEgress: 'egress' } as const;

/** Registers the metrics with the process. */
export function xdsMetrics(metrics: Metrics): XdsMetrics {
  const stream = streamMetrics(metrics);
  const generation = metrics.histogram({
    name: 'xds_generation',
    help: 'Seconds to generate the configuration of a proxy.',
    labels: ['proxy_type', 'result'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  });
  const errors = metrics.counter({
    name: 'xds_generation_errors',
    help: 'Generations that failed; the proxy keeps its last configuration.',
  });
  const streams = metrics.gauge({ name: 'xds_streams_active', help: 'Proxies connected.' });
  const waiting = metrics.gauge({ name: 'xds_streams_waiting', help: 'Proxies connected that wait to be served.' });
  const certificates = metrics.counter({ name: 'cert_generation_failure', help: 'Certificates that could not be issued.' });
  const assertions = assertionMetrics(metrics);
  return {
    compared: assertions,
    generated: ({ node, result, durationMs }) => {
      generation.observe({ proxy_type: PROXY_TYPES[node.kind], result }, durationMs / 1000);
      if (result === 'error') errors.inc();
    },
    connected: () => streams.inc(),
    disconnected: () => streams.dec(),
    certificateFailed: () => certificates.inc(),
    countWaiting: (count) => void metrics.onScrape(() => waiting.set(count())),
    stream,
  };
}

/** Registered with the first comparison only: almost nobody asks for any. */
function assertionMetrics(metrics: Metrics): (found: number) => void {
  const register = () => ({
    comparisons: metrics.counter({
      name: 'xds_assert_comparisons',
      help: 'Times that the configuration of all proxies was compared with one made from scratch.',
    }),
    differences: metrics.counter({
      name: 'xds_assert_differences',
      help: 'Times that a proxy was found to have something else than it would get from scratch.',
    }),
  });
  let made: ReturnType<typeof register> | undefined;
  return (found) => {
    made ??= register();
    made.comparisons.inc();
    made.differences.inc({}, found);
  };
}

function streamMetrics(metrics: Metrics): () => StreamMetrics {
  const delivery = metrics.histogram({
    name: 'xds_delivery',
    help: 'Seconds from sending a response to a proxy to its answer.',
    labels: ['type_url'],
    buckets: DELIVERY_SECONDS,
  });
  const writeToAck = metrics.histogram({
    name: 'xds_write_to_ack_seconds',
    help: 'Seconds from a change in the state of this control plane to the last ACK of a proxy that it concerns.',
    buckets: DELIVERY_SECONDS,
  });
  const responses = metrics.counter({ name: 'xds_responses_sent', help: 'Responses sent to proxies.', labels: ['type_url'] });
  const requests = metrics.counter({
    name: 'xds_requests_received',
    help: 'Answers of proxies to responses.',
    labels: ['type_url', 'confirmation'],
  });
  return () => {
    const sentMs = new Map<string, number>();
    let pendingSinceMs: number | undefined;
    return {
      sent: (typeUrl, sinceMs) => {
        sentMs.set(typeUrl, performance.now());
        pendingSinceMs ??= sinceMs;
        responses.inc({ type_url: typeUrl });
      },
      answered: (typeUrl, confirmation) => {
        const from = sentMs.get(typeUrl);
        sentMs.delete(typeUrl);
        requests.inc({ type_url: typeUrl, confirmation });
        if (from !== undefined) delivery.observe({ type_url: typeUrl }, (performance.now() - from) / 1000);
      },
      settled: () => {
        if (pendingSinceMs !== undefined) writeToAck.observe((performance.now() - pendingSinceMs) / 1000);
        pendingSinceMs = undefined;
      },
    };
  };
}
