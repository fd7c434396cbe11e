import { create } from '@bufbuild/protobuf';
import { ClusterSchema } from '@mesh/proto/envoy/config/cluster/v3/cluster_pb.js';
import { type OutlierDetection, OutlierDetectionSchema } from '@mesh/proto/envoy/config/cluster/v3/outlier_detection_pb.js';
import { type ClusterModel, durationOf, trackRemaining } from '@mesh/xds';
import { msOf, numberOf } from '../sdk/fields.js';
import { setPanicThreshold } from '../sdk/lb-config.js';
import type { CircuitBreakerConf, ConnectionLimits, OutlierDetectionConf } from './schema.js';

/** Bounds and outlier detection of a cluster. Without a conf it counts what is left, as every cluster does. */
export function configureCluster(model: ClusterModel, conf: CircuitBreakerConf | undefined): void {
  trackRemaining(model);
  const { connectionLimits, outlierDetection } = conf ?? {};
  if (connectionLimits) setLimits(model, connectionLimits);
  if (!outlierDetection || outlierDetection.disabled) return;
  model.message.outlierDetection = outlierOf(outlierDetection);
  const value = numberOf(outlierDetection.healthyPanicThreshold);
  if (value !== undefined) setPanicThreshold(model, value);
}

function setLimits(model: ClusterModel, limits: ConnectionLimits): void {
  const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)) as Record<string, number>;
  model.message.circuitBreakers = create(ClusterSchema, {
    circuitBreakers: { thresholds: [{ ...given, trackRemaining: true }] },
  }).circuitBreakers;
}

/** What Envoy looks for: only detectors with settings put instances out. */
function outlierOf(conf: OutlierDetectionConf): OutlierDetection {
  const { totalFailures, gatewayFailures, localOriginFailures, successRate, failurePercentage } = conf.detectors ?? {};
  const intervalMs = msOf(conf.interval);
  const ejectionMs = msOf(conf.baseEjectionTime);
  const factor = numberOf(successRate?.standardDeviationFactor);
  const enforced = (detector: object | undefined) => (detector ? 100 : 0);
  const consecutive = (detector: { readonly consecutive?: number | undefined } | undefined) =>
    detector?.consecutive === undefined ? undefined : detector;
  return create(OutlierDetectionSchema, {
    ...(intervalMs === undefined ? {} : { interval: durationOf(intervalMs) }),
    ...(ejectionMs === undefined ? {} : { baseEjectionTime: durationOf(ejectionMs) }),
    ...defined({
      maxEjectionPercent: conf.maxEjectionPercent,
      splitExternalLocalOriginErrors: conf.splitExternalAndLocalErrors,
      consecutive5xx: totalFailures?.consecutive,
      consecutiveGatewayFailure: gatewayFailures?.consecutive,
      consecutiveLocalOriginFailure: localOriginFailures?.consecutive,
      successRateMinimumHosts: successRate?.minimumHosts,
      successRateRequestVolume: successRate?.requestVolume,
      successRateStdevFactor: factor === undefined ? undefined : Math.round(factor * 1000),
      failurePercentageMinimumHosts: failurePercentage?.minimumHosts,
      failurePercentageRequestVolume: failurePercentage?.requestVolume,
      failurePercentageThreshold: failurePercentage?.threshold,
    }),
    enforcingConsecutive5xx: enforced(consecutive(totalFailures)),
    enforcingConsecutiveGatewayFailure: enforced(consecutive(gatewayFailures)),
    enforcingConsecutiveLocalOriginFailure: enforced(consecutive(localOriginFailures)),
    enforcingSuccessRate: enforced(successRate),
    enforcingLocalOriginSuccessRate: enforced(successRate),
    enforcingFailurePercentage: enforced(failurePercentage),
    enforcingFailurePercentageLocalOrigin: enforced(failurePercentage),
  });
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields that have a value. */
function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
