import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { packAny } from '@mesh/proto';
import { Cluster_CommonLbConfig_ZoneAwareLbConfigSchema } from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import { type HealthCheck, HealthCheckSchema } from '@mesh/proto/envoy/config/core/v3/health_check_pb.js';
import { HealthCheckEventFileSinkSchema } from '@mesh/proto/envoy/extensions/health_check/event_sinks/file/v3/file_pb.js';
import { CodecClientType } from '@mesh/proto/envoy/type/v3/http_pb.js';
import { type ClusterModel, durationOf } from '@mesh/xds';
import { msOf, numberOf } from '../sdk/fields.js';
import { headerOptions } from '../sdk/header-options.js';
import { commonLbConfigOf, setPanicThreshold } from '../sdk/lb-config.js';
import { TAGS_HEADER } from '../sdk/tags-header.js';
import type { HealthCheckConf } from './schema.js';

const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 15_000;
const UNHEALTHY_THRESHOLD = 5;
const HEALTHY_THRESHOLD = 1;

type Checker = NonNullable<MessageInitShape<typeof HealthCheckSchema>['healthChecker']>;

/** Health checks of a cluster; none where the conf has no check for what the endpoints speak. */
export function configureCluster(model: ClusterModel, conf: HealthCheckConf, callerTags: string | undefined): void {
  const checker = checkerFor(model, conf, callerTags);
  if (!checker) return;
  model.message.healthChecks = [healthCheckOf(conf, checker)];
  const panic = numberOf(conf.healthyPanicThreshold);
  if (panic !== undefined) setPanicThreshold(model, panic);
  if (conf.failTrafficOnPanic === undefined) return;
  const value = create(Cluster_CommonLbConfig_ZoneAwareLbConfigSchema, { failTrafficOnPanic: conf.failTrafficOnPanic });
  commonLbConfigOf(model).localityConfigSpecifier = { case: 'zoneAwareLbConfig', value };
}

/** HTTP and gRPC endpoints are checked over TCP only where their own check is there and switched off. */
function checkerFor({ protocol }: ClusterModel, { http, grpc, tcp }: HealthCheckConf, callerTags: string | undefined): Checker | undefined {
  const isHttp = protocol === 'http' || protocol === 'http2';
  if (isHttp && http && !http.disabled) return httpChecker(http, { callerTags, http2: protocol === 'http2' });
  if (protocol === 'grpc' && grpc && !grpc.disabled) {
    return { case: 'grpcHealthCheck', value: { serviceName: grpc.serviceName ?? '', authority: grpc.authority ?? '' } };
  }
  const own = isHttp ? http : protocol === 'grpc' ? grpc : tcp;
  if (!own || !tcp || tcp.disabled) return undefined;
  const payload = (text: string) => ({ payload: { case: 'text' as const, value: Buffer.from(text).toString('hex') } });
  return {
    case: 'tcpHealthCheck',
    value: { ...(tcp.send ? { send: payload(tcp.send) } : {}), receive: (tcp.receive ?? []).map(payload) },
  };
}

function httpChecker(
  http: NonNullable<HealthCheckConf['http']>,
  { callerTags, http2 }: { readonly callerTags: string | undefined; readonly http2: boolean },
): Checker {
  const tags = callerTags === undefined ? [] : [{ header: { key: TAGS_HEADER, value: callerTags } }];
  return {
    case: 'httpHealthCheck',
    value: {
      path: http.path ?? '/',
      requestHeadersToAdd: [...tags, ...headerOptions(http.requestHeadersToAdd ?? {})],
      expectedStatuses: (http.expectedStatuses ?? []).map((status) => ({ start: BigInt(status), end: BigInt(status + 1) })),
      ...(http2 ? { codecClientType: CodecClientType.HTTP2 } : {}),
    },
  };
}

function healthCheckOf(conf: HealthCheckConf, healthChecker: Checker): HealthCheck {
  const message = create(HealthCheckSchema, {
    healthChecker,
    interval: durationOf(msOf(conf.interval) ?? INTERVAL_MS),
    timeout: durationOf(msOf(conf.timeout) ?? TIMEOUT_MS),
    unhealthyThreshold: conf.unhealthyThreshold ?? UNHEALTHY_THRESHOLD,
    healthyThreshold: conf.healthyThreshold ?? HEALTHY_THRESHOLD,
    intervalJitterPercent: conf.intervalJitterPercent ?? 0,
    alwaysLogHealthCheckFailures: conf.alwaysLogHealthCheckFailures ?? false,
    ...(conf.reuseConnection === undefined ? {} : { reuseConnection: conf.reuseConnection }),
  });
  for (const field of ['initialJitter', 'intervalJitter', 'noTrafficInterval'] as const) {
    const ms = msOf(conf[field]);
    if (ms !== undefined) message[field] = durationOf(ms);
  }
  if (conf.eventLogPath) {
    const sink = create(HealthCheckEventFileSinkSchema, { eventLogPath: conf.eventLogPath });
    const value = packAny(HealthCheckEventFileSinkSchema, sink);
    message.eventLogger = create(HealthCheckSchema, {
      eventLogger: [{ name: 'envoy.health_check.event_sinks.file', typedConfig: value }],
    }).eventLogger;
  }
  return message;
}
