export { SimulatedZone } from './simulated-zone.js';
export { dataplaneSpec, fillZone, type ZoneShape, zoneIngress } from './zone-contents.js';
export { type KdsTraffic, ZoneFleet, type ZoneFleetOptions } from './zone-fleet.js';
export { ZoneResources } from './zone-resources.js';
