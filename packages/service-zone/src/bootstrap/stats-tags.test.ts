import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { STATS_TAGS, type StatsTag } from './stats-tags.js';

/** Patterns of a bootstrap that a real Kuma handed out. */
const observed = parse(readFileSync(join(import.meta.dirname, 'testdata/sidecar.bootstrap.yaml'), 'utf8'));
const KUMA_STATS_TAGS: readonly StatsTag[] = observed.statsConfig.statsTags;

/** Names as Envoy has them, and some that only look alike. */
const NAMES = [
  'cluster.backend-d29a0ae0d4d68019.upstream_cx_total',
  'cluster.kafka.upstream_rq_total',
  'http.localhost_8080.rbac.allowed',
  'inbound_10_0_0_1_80.rbac.shadow_denied',
  'listener.127.10.1.1_10080.worker_0.downstream_cx_active',
  'listener.[__1]_10080.worker_11.downstream_cx_total',
  'listener_manager.worker_3.dispatcher.loop_duration_us',
  'listener_manager.workers_started',
  'server.worker_0.watchdog_miss',
  'server.uptime',
  'thread_local_cluster_manager.worker_0.clusters_inflated',
  'grpc.ads_cluster.streams_closed_16',
  'grpc.ads_cluster.streams_total',
  'kafka.orders_1.request.produce_request_duration',
  'kafka.inbound_127_0_0_1_9092.response.fetch_response',
  'kafka.plain.request.unknown',
];

/** Name and labels after all tags have been taken out of a name, as Envoy takes them: each pattern sees the whole name. */
function labelsOf(name: string, tags: readonly StatsTag[]): { rest: string; labels: Record<string, string> } {
  const labels: Record<string, string> = {};
  let rest = name;
  for (const { tagName, regex } of tags) {
    const match = new RegExp(regex).exec(name);
    if (!match?.[1] && !match?.[2]) continue;
    labels[tagName] = match[2] ?? match[1] ?? '';
    rest = rest.replace(match[1] ?? '', '');
  }
  return { rest: rest.replace('..', '.'), labels };
}

it.each(NAMES)('the labels of %s are those it has with Kuma', (name) => {
  expect(labelsOf(name, STATS_TAGS)).toEqual(labelsOf(name, KUMA_STATS_TAGS));
});

it('no pattern is tried anywhere but at the start of a name', () => {
  for (const { regex } of STATS_TAGS) expect(regex).toMatch(/^\^/);
});
