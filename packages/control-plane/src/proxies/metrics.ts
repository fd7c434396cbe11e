import type { Metrics } from '@mesh/runtime';
import type { EngineOptions } from './engine.js';

/** Metrics of configuration for proxies (contract/rest-api.md §7). */
export interface XdsMetrics {
  readonly generated: NonNullable<EngineOptions['onGenerated']>;
  connected(): void;
  disconnected(): void;
  certificateFailed(): void;
}

const PROXY_TYPES = { Dataplane: 'dataplane', ZoneIngress: 'ingress', ZoneEgress: 'egress' } as const;

/** Registers the metrics with the process. */
export function xdsMetrics(metrics: Metrics): XdsMetrics {
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
  const certificates = metrics.counter({ name: 'cert_generation_failure', help: 'Certificates that could not be issued.' });
  return {
    generated: ({ node, result, durationMs }) => {
      generation.observe({ proxy_type: PROXY_TYPES[node.kind], result }, durationMs / 1000);
      if (result === 'error') errors.inc();
    },
    connected: () => streams.inc(),
    disconnected: () => streams.dec(),
    certificateFailed: () => certificates.inc(),
  };
}
