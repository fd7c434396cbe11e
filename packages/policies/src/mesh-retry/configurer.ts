import { create } from '@bufbuild/protobuf';
import { packAny } from '@mesh/proto';
import {
  type HeaderMatcher,
  HeaderMatcherSchema,
  type RetryPolicy,
  RetryPolicy_ResetHeaderFormat,
  RetryPolicySchema,
  type Route,
} from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { OmitHostMetadataConfigSchema } from '@mesh/proto/envoy/extensions/retry/host/omit_host_metadata/v3/omit_host_metadata_config_pb.js';
import { PreviousHostsPredicateSchema } from '@mesh/proto/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js';
import { PreviousPrioritiesConfigSchema } from '@mesh/proto/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config_pb.js';
import { durationOf, type ListenerModel, type Protocol, routesOf } from '@mesh/xds';
import { msOf } from '../sdk/fields.js';
import type { BackOff, GrpcRetry, HttpRetry, RateLimitedBackOff, RetryConf, RetryHeaderMatch } from './schema.js';

const BASE_INTERVAL_MS = 25;
const DEFAULT_HTTP = ['gateway-error', 'connect-failure', 'refused-stream'];
const DEFAULT_GRPC = ['cancelled', 'connect-failure', 'gateway-error', 'refused-stream', 'reset', 'resource-exhausted', 'unavailable'];
const METHOD = 'HttpMethod';

const CONDITIONS: Readonly<Record<string, string>> = {
  '5xx': '5xx',
  GatewayError: 'gateway-error',
  Reset: 'reset',
  Retriable4xx: 'retriable-4xx',
  ConnectFailure: 'connect-failure',
  EnvoyRatelimited: 'envoy-ratelimited',
  RefusedStream: 'refused-stream',
  Http3PostConnectFailure: 'http3-post-connect-failure',
};

const GRPC_CONDITIONS = {
  Canceled: 'cancelled',
  DeadlineExceeded: 'deadline-exceeded',
  Internal: 'internal',
  ResourceExhausted: 'resource-exhausted',
  Unavailable: 'unavailable',
} as const;

/** Retries of all routes, and attempts of TCP connections, of the chains of a listener. */
export function configureListener(listener: ListenerModel, conf: RetryConf, protocol: Protocol): void {
  for (const { terminal } of listener.chains) {
    if (terminal.kind === 'http') for (const route of routesOf(terminal)) configureRoute(route, conf, protocol);
    const attempts = conf.tcp?.maxConnectAttempt;
    if (terminal.kind === 'tcp' && attempts !== undefined) terminal.proxy.maxConnectAttempts = attempts;
  }
}

/** Retries of one route; of http2 there are none, as in Kuma. */
export function configureRoute(route: Route, conf: RetryConf, protocol: Protocol): void {
  if (route.action.case !== 'route') return;
  const policy = protocol === 'http' ? httpPolicy(conf.http) : protocol === 'grpc' ? grpcPolicy(conf.grpc) : undefined;
  if (policy) route.action.value.retryPolicy = policy;
}

function httpPolicy(conf: HttpRetry | undefined): RetryPolicy | undefined {
  if (!conf || conf.numRetries === 0) return undefined;
  const policy = commonPolicy(conf);
  const { retryOn = [], retriableRequestHeaders = [], retriableResponseHeaders = [], hostSelection = [] } = conf;
  const codes = retryOn.filter((condition) => /^\d{3}$/.test(condition)).map(Number);
  const conditions = retryOn.flatMap((condition) => CONDITIONS[condition] ?? []);
  if (codes.length > 0) conditions.push('retriable-status-codes');
  if (conditions.length === 0) conditions.push(...DEFAULT_HTTP);
  // Without it Envoy does not look at the headers.
  if (retriableResponseHeaders.length > 0) conditions.push('retriable-headers');
  policy.retryOn = conditions.join(',');
  policy.retriableStatusCodes = codes;
  policy.retriableHeaders = retriableResponseHeaders.map(headerMatcher);
  const methods = retryOn.filter((condition) => condition.startsWith(METHOD)).map((condition) => condition.slice(METHOD.length));
  policy.retriableRequestHeaders = [
    ...methods.map((method) => headerMatcher({ type: 'Exact', name: ':method', value: method.toUpperCase() })),
    ...retriableRequestHeaders.map(headerMatcher),
  ];
  for (const selection of hostSelection) selectHosts(policy, selection);
  if (conf.hostSelectionMaxAttempts !== undefined) policy.hostSelectionRetryMaxAttempts = BigInt(conf.hostSelectionMaxAttempts);
  return policy;
}

function grpcPolicy(conf: GrpcRetry | undefined): RetryPolicy | undefined {
  if (!conf || conf.numRetries === 0) return undefined;
  const policy = commonPolicy(conf);
  const conditions = (conf.retryOn ?? []).map((condition) => GRPC_CONDITIONS[condition]);
  policy.retryOn = (conditions.length > 0 ? conditions : DEFAULT_GRPC).join(',');
  return policy;
}

function commonPolicy({ numRetries, perTryTimeout, backOff, rateLimitedBackOff }: HttpRetry | GrpcRetry): RetryPolicy {
  const perTryMs = msOf(perTryTimeout);
  return create(RetryPolicySchema, {
    ...(numRetries === undefined ? {} : { numRetries }),
    ...(perTryMs === undefined ? {} : { perTryTimeout: durationOf(perTryMs) }),
    ...(backOff ? { retryBackOff: backOffOf(backOff) } : {}),
    ...(rateLimitedBackOff ? { rateLimitedRetryBackOff: rateLimitedOf(rateLimitedBackOff) } : {}),
  });
}

function backOffOf({ baseInterval, maxInterval }: BackOff) {
  const maxMs = msOf(maxInterval);
  return {
    baseInterval: durationOf(msOf(baseInterval) || BASE_INTERVAL_MS),
    ...(maxMs === undefined ? {} : { maxInterval: durationOf(maxMs) }),
  };
}

function rateLimitedOf({ resetHeaders = [], maxInterval }: RateLimitedBackOff) {
  const maxMs = msOf(maxInterval);
  const { SECONDS, UNIX_TIMESTAMP } = RetryPolicy_ResetHeaderFormat;
  return {
    resetHeaders: resetHeaders.map(({ name, format }) => ({ name, format: format === 'Seconds' ? SECONDS : UNIX_TIMESTAMP })),
    ...(maxMs === undefined ? {} : { maxInterval: durationOf(maxMs) }),
  };
}

function selectHosts(policy: RetryPolicy, selection: NonNullable<HttpRetry['hostSelection']>[number]): void {
  if (selection.predicate === 'OmitPreviousPriorities') {
    const config = create(PreviousPrioritiesConfigSchema, { updateFrequency: selection.updateFrequency });
    policy.retryPriority = create(RetryPolicySchema, {
      retryPriority: {
        name: 'envoy.retry_priorities.previous_priorities',
        configType: { case: 'typedConfig', value: packAny(PreviousPrioritiesConfigSchema, config) },
      },
    }).retryPriority;
    return;
  }
  const [name, value] =
    selection.predicate === 'OmitPreviousHosts'
      ? ['previous_hosts', packAny(PreviousHostsPredicateSchema, create(PreviousHostsPredicateSchema))]
      : [
          'omit_host_metadata',
          packAny(
            OmitHostMetadataConfigSchema,
            create(OmitHostMetadataConfigSchema, { metadataMatch: { filterMetadata: { 'envoy.lb': selection.tags ?? {} } } }),
          ),
        ];
  const predicate = { name: `envoy.retry_host_predicates.${name}`, configType: { case: 'typedConfig' as const, value } };
  policy.retryHostPredicate.push(...create(RetryPolicySchema, { retryHostPredicate: [predicate] }).retryHostPredicate);
}

function headerMatcher({ type, name, value = '' }: RetryHeaderMatch): HeaderMatcher {
  if (type === 'Present' || type === 'Absent') {
    return create(HeaderMatcherSchema, { name, headerMatchSpecifier: { case: 'presentMatch', value: type === 'Present' } });
  }
  const matchPattern =
    type === 'RegularExpression'
      ? { case: 'safeRegex' as const, value: { regex: value } }
      : { case: type === 'Exact' ? ('exact' as const) : ('prefix' as const), value };
  return create(HeaderMatcherSchema, { name, headerMatchSpecifier: { case: 'stringMatch', value: { matchPattern } } });
}
