import { create } from '@bufbuild/protobuf';
import { parseProtoDuration, type Resource } from '@mesh/core';
import { HealthStatus } from '@mesh/proto/envoy/config/core/v3/health_check_pb.js';
import {
  type EndpointHealthResponse,
  type HealthCheckSpecifier,
  HealthCheckSpecifierSchema,
} from '@mesh/proto/envoy/service/health/v3/hds_pb.js';
import type { DataplaneInbound, DataplaneSpec } from '@mesh/resources';
import type { KumaConfig } from '@mesh/runtime';
import { durationOf, inboundClusterName, inboundsOf, socketAddress } from '@mesh/xds';

type HdsConfig = KumaConfig['dpServer']['hds'];

/** What Envoy shall check of a proxy: a TCP connection to each workload port with a probe; undefined where there is none. */
export function healthCheckSpecifier(dataplane: Resource<DataplaneSpec>, config: HdsConfig): HealthCheckSpecifier | undefined {
  const probed = (dataplane.spec.networking?.inbound ?? []).filter((inbound) => inbound.serviceProbe !== undefined);
  const checks = probed.flatMap((inbound) => {
    const target = workloadOf(dataplane, inbound);
    return target ? [{ ...target, check: checkOf(inbound, config) }] : [];
  });
  if (checks.length === 0) return undefined;
  return create(HealthCheckSpecifierSchema, {
    interval: durationOf(config.interval),
    clusterHealthChecks: checks.map(({ address, port, check }) => ({
      clusterName: inboundClusterName(port),
      healthChecks: [check],
      localityEndpoints: [{ endpoints: [{ address: socketAddress(address, port) }] }],
    })),
  });
}

/** Where the workload of an inbound listens, by the rules of any inbound. */
function workloadOf(dataplane: Resource<DataplaneSpec>, inbound: DataplaneInbound): { address: string; port: number } | undefined {
  const alone = { ...dataplane, spec: { ...dataplane.spec, networking: { ...dataplane.spec.networking, inbound: [inbound] } } };
  const [found] = inboundsOf(alone);
  return found && { address: found.workloadAddress, port: found.workloadPort };
}

function checkOf({ serviceProbe }: DataplaneInbound, { checkDefaults }: HdsConfig) {
  const duration = (text: string | undefined, otherwise: number) => durationOf((text && parseProtoDuration(text)) || otherwise);
  return {
    timeout: duration(serviceProbe?.timeout, checkDefaults.timeout),
    interval: duration(serviceProbe?.interval, checkDefaults.interval),
    noTrafficInterval: durationOf(checkDefaults.noTrafficInterval),
    healthyThreshold: serviceProbe?.healthyThreshold || checkDefaults.healthyThreshold,
    unhealthyThreshold: serviceProbe?.unhealthyThreshold || checkDefaults.unhealthyThreshold,
    healthChecker: { case: 'tcpHealthCheck' as const, value: {} },
  };
}

/** The spec with the health that Envoy reports; the same object where nothing changes. */
export function withReportedHealth(dataplane: Resource<DataplaneSpec>, report: EndpointHealthResponse): DataplaneSpec {
  const { spec } = dataplane;
  let changed = false;
  const inbound = (spec.networking?.inbound ?? []).map((each) => {
    const port = each.serviceProbe && workloadOf(dataplane, each)?.port;
    const healthy = port === undefined ? undefined : reported(report, inboundClusterName(port));
    if (healthy === undefined || healthy === isReady(each)) return each;
    changed = true;
    const { state: _, health: __, ...rest } = each;
    return healthy ? { ...rest, health: { ready: true } } : { ...rest, state: 'NotReady' as const, health: {} };
  });
  return changed ? { ...spec, networking: { ...spec.networking, inbound } } : spec;
}

function isReady({ state, health }: DataplaneInbound): boolean {
  return state !== 'NotReady' && health?.ready === true;
}

/** Whether all endpoints of a cluster are healthy; undefined where the report does not speak of it. */
function reported(report: EndpointHealthResponse, clusterName: string): boolean | undefined {
  const cluster = report.clusterEndpointsHealth.find((each) => each.clusterName === clusterName);
  const endpoints = cluster?.localityEndpointsHealth.flatMap((locality) => locality.endpointsHealth) ?? [];
  if (endpoints.length === 0) return undefined;
  return endpoints.every((endpoint) => endpoint.healthStatus === HealthStatus.HEALTHY);
}
