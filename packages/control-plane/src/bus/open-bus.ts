import { RedisBus } from '@mesh/bus-redis';
import { type InstanceBus, type Logger, loneBus } from '@mesh/core';
import type { KumaConfig, Metrics } from '@mesh/runtime';
import type { Instance } from '../instance.js';

export interface OpenBusOptions {
  readonly config: KumaConfig;
  readonly instance: Instance;
  readonly storeId: string;
  readonly log: Logger;
  readonly metrics?: Metrics;
}

const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 10];

/** The bus the configuration names; one without peers where it names none. Connects on its own and is never waited for. */
export function openBus({ config, instance, storeId, log, metrics }: OpenBusOptions): InstanceBus {
  const { url, caFile } = config.redis;
  if (url === '') return loneBus(instance.id);
  const events = metrics ? busMetrics(metrics) : {};
  return new RedisBus({ url, caFile, instanceId: instance.id, storeId, log, events });
}

/** `bus_connected`, `bus_peers`, `bus_requests_total` and `bus_request_seconds`. */
function busMetrics(metrics: Metrics) {
  const connected = metrics.gauge({ name: 'bus_connected', help: '1 while other instances are in reach over Redis.' });
  const peers = metrics.gauge({ name: 'bus_peers', help: 'Other instances of this control plane that are known.' });
  const requests = metrics.counter({
    name: 'bus_requests_total',
    help: 'Requests to other instances, by method and outcome.',
    labels: ['method', 'result'],
  });
  const seconds = metrics.histogram({
    name: 'bus_request_seconds',
    help: 'Time from a request to another instance to its end.',
    labels: ['method'],
    buckets: SECONDS,
  });
  connected.set(0);
  peers.set(0);
  return {
    onConnection: (up: boolean) => connected.set(up ? 1 : 0),
    onPeers: (count: number) => peers.set(count),
    onRequest: (method: string, result: string, took: number) => {
      requests.inc({ method, result });
      seconds.observe({ method }, took);
    },
  };
}
