import type { XdsServer } from '@mesh/grpc';
import type { Metrics } from '@mesh/runtime';

/**
 * What the workers use, read from them at each scrape. What happens on their streams is counted in the main process, with that of its own.
 * @returns how to stop.
 */
export function workerMetrics(metrics: Metrics, workers: XdsServer['workers']): () => void {
  const labels = ['worker'];
  const running = metrics.gauge({ name: 'xds_workers', help: 'Processes that take streams of proxies off the main one.' });
  const restarts = metrics.gauge({ name: 'xds_worker_restarts', help: 'Workers started in place of one that ended.' });
  const gauges = {
    connections: metrics.gauge({ name: 'xds_worker_connections', help: 'Connections a worker serves.', labels }),
    streams: metrics.gauge({ name: 'xds_worker_streams', help: 'ADS streams a worker serves.', labels }),
    resources: metrics.gauge({ name: 'xds_worker_resources', help: 'Resources a worker holds for its streams.', labels }),
    backlogBytes: metrics.gauge({ name: 'xds_worker_backlog_bytes', help: 'Bytes on their way to a worker.', labels }),
    cpuSeconds: metrics.gauge({ name: 'xds_worker_cpu_seconds', help: 'CPU time a worker has used.', labels }),
    residentBytes: metrics.gauge({ name: 'xds_worker_resident_memory_bytes', help: 'Resident memory of a worker.', labels }),
    loopDelayP99Seconds: metrics.gauge({
      name: 'xds_worker_eventloop_lag_p99_seconds',
      help: 'Delay of the event loop of a worker since it was asked before, 99th percentile.',
      labels,
    }),
  };
  const subscription = metrics.onScrape(async () => {
    const reports = await workers.reports();
    running.set(reports.length);
    restarts.set(workers.restarts);
    for (const gauge of Object.values(gauges)) gauge.reset();
    for (const report of reports) {
      const of = { worker: String(report.worker) };
      for (const [name, gauge] of Object.entries(gauges)) gauge.set(of, report[name as keyof typeof gauges]);
    }
  });
  return () => subscription.unsubscribe();
}
