export { type ChurnFigures, type ChurnOptions, churn } from './churn.js';
export { Fleet, type FleetCounts, type FleetOptions, type JoinFigures } from './fleet.js';
export { DurationHistogram, type Durations } from './histogram.js';
export { serviceName } from './topology.js';
export type { Violations } from './violations.js';
export type { Arrival } from './watch.js';
export { FleetWrites, fleetToken } from './writes.js';
