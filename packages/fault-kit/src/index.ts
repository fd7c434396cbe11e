export { type ChaosOptions, chaos } from './chaos.js';
export type { Fault, Need } from './fault.js';
export { allFaults, instanceFaults, postgresFaults, processFaults, trustFaults, wireFaults } from './faults/index.js';
export { possibleFaults } from './needs.js';
export { Observers } from './observers/observers.js';
export { type Flow, Traffic, type TrafficFailure } from './observers/traffic.js';
export { type FaultReport, lineOf, runFault } from './run-fault.js';
export { Relay } from './world/relay.js';
export { type Place, type RedisLike, World, type WorldOptions } from './world/world.js';
