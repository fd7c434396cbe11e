export type { Fault, Need } from './fault.js';
export { postgresFaults, processFaults, wireFaults } from './faults/index.js';
export { Observers } from './observers/observers.js';
export { type FaultReport, runFault } from './run-fault.js';
export { mayMakeWires } from './world/wire.js';
export { type Place, World, type WorldOptions } from './world/world.js';
