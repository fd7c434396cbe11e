export { type ChurnFigures, type ChurnOptions, churn } from './churn.js';
export type { FleetZone } from './expected-endpoints.js';
export { Fleet, type FleetCounts, type FleetOptions, type JoinFigures } from './fleet.js';
export { DurationHistogram, type Durations } from './histogram.js';
export { ENVOY_RETRY_POLICY, type RetryPolicy } from './simulated-proxy.js';
export { serviceName } from './topology.js';
export type { Violations } from './violations.js';
export type { Arrival } from './watch.js';
export { type FleetApis, FleetWrites, fleetToken, hasMtls, putIngresses } from './writes.js';
