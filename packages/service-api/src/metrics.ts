import type { ApiMetrics } from '@mesh/http-api';
import type { Metrics } from '@mesh/runtime';

const LABELS = ['code', 'handler', 'method', 'service'] as const;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BYTES = [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
const SERVICE = 'api-server';

/** Counts requests under the names Kuma gives them (contract/rest-api.md §7). */
export function apiMetrics(metrics: Metrics): ApiMetrics {
  const duration = metrics.histogram({
    name: 'api_server_http_request_duration_seconds',
    help: 'Time to answer requests of the API.',
    labels: LABELS,
    buckets: SECONDS,
  });
  const size = metrics.histogram({
    name: 'api_server_http_response_size_bytes',
    help: 'Size of answers of the API.',
    labels: LABELS,
    buckets: BYTES,
  });
  const inflight = metrics.gauge({
    name: 'api_server_http_requests_inflight',
    help: 'Requests of the API being answered.',
    labels: ['service'],
  });
  const dropped = metrics.counter({
    name: 'api_server_audit_records_dropped_total',
    help: 'Records of the audit that were not kept, by why: flood, backlog, rejected, shutdown.',
    labels: ['reason'],
  });
  return {
    observe: ({ method, handler, code, seconds, bytes }) => {
      const labels = { code: String(code), handler, method, service: SERVICE };
      duration.observe(labels, seconds);
      size.observe(labels, bytes);
    },
    inflight: (change) => inflight.inc({ service: SERVICE }, change),
    auditDropped: (reason, count) => dropped.inc({ reason }, count),
  };
}
