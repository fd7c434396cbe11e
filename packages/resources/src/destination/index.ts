export { destinationDeprecations } from './deprecations.js';
export { type DestinationSni, snisOf } from './snis.js';
