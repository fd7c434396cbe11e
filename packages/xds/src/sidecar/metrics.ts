import type { SnapshotResource } from '@mesh/delta';
import { metricsHttp } from '../build/http.js';
import { type PrometheusEndpoint, prometheusEndpoint } from '../model/metrics.js';
import { ADMIN_NAME, METRICS_NAME } from '../model/names.js';
import { FEATURE_REUSE_PORT } from '../model/node-metadata.js';
import { encodeListener, type ResourceCollector } from './collector.js';
import type { SidecarScope } from './input.js';

/**
 * The listener Prometheus scrapes, where the mesh has a backend for it: the metrics of Envoy, from its
 * admin endpoint. Where they are to be served in mTLS or with a certificate of the proxy there is none yet.
 */
export function addMetrics(collector: ResourceCollector, { context, dataplane, metadata, memory }: SidecarScope): void {
  const { networking } = dataplane.spec;
  const address = context.resolve(networking?.address ?? '');
  const endpoint = prometheusEndpoint(context.mesh.spec, dataplane.spec);
  const hasAdmin = (networking?.admin?.port || metadata.adminPort) !== undefined;
  if (!endpoint || !address || !hasAdmin || !isPlain(endpoint, context.mtls !== undefined)) return;
  const reusePort = metadata.features.has(FEATURE_REUSE_PORT);
  const { port, path, usedOnly, filterRegex } = endpoint;
  const inputs = [address, port, path, usedOnly, filterRegex, reusePort];
  const listener = memory.reuse('metrics', { inputs }, () => encodeMetrics(endpoint, { address, reusePort }));
  collector.useClusters([ADMIN_NAME]);
  collector.addListener(listener);
}

function isPlain({ tls }: PrometheusEndpoint, mtls: boolean): boolean {
  return tls === 'disabled' || (tls === 'activeMTLSBackend' && !mtls);
}

function encodeMetrics(endpoint: PrometheusEndpoint, { address, reusePort }: { address: string; reusePort: boolean }): SnapshotResource {
  const { path, usedOnly, filterRegex } = endpoint;
  const query = [...(usedOnly ? ['usedonly'] : []), ...(filterRegex ? [`filter=${encodeURIComponent(filterRegex)}`] : [])].join('&');
  const stats = `/stats/prometheus${query === '' ? '' : `?${query}`}`;
  return encodeListener({
    name: METRICS_NAME,
    address,
    port: endpoint.port,
    direction: 'inbound',
    reusePort,
    inspectTls: false,
    chains: [{ authenticated: false, terminal: metricsHttp({ name: METRICS_NAME, path, cluster: ADMIN_NAME, rewrite: stats }) }],
  });
}
