import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Metrics } from '@mesh/runtime';

const LABELS = ['code', 'handler', 'method', 'service'] as const;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SERVICE = 'mads-server';

/** Counts requests for monitoring assignments under the names Kuma gives them; waiting for news is part of the time. */
export function observeMads(metrics: Metrics, path: string): (request: IncomingMessage, response: ServerResponse) => void {
  const duration = metrics.histogram({
    name: 'mads_server_http_request_duration_seconds',
    help: 'Time to answer requests for monitoring assignments.',
    labels: LABELS,
    buckets: SECONDS,
  });
  const inflight = metrics.gauge({
    name: 'mads_server_http_requests_inflight',
    help: 'Requests for monitoring assignments being answered.',
    labels: ['service'],
  });
  return (request, response) => {
    const from = performance.now();
    inflight.inc({ service: SERVICE });
    response.once('close', () => {
      inflight.dec({ service: SERVICE });
      const handler = request.url?.split('?')[0] === path ? path : 'other';
      const labels = { code: String(response.statusCode), handler, method: request.method ?? '', service: SERVICE };
      duration.observe(labels, (performance.now() - from) / 1000);
    });
  };
}
