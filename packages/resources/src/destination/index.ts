export { destinationDeprecations } from './deprecations.js';
export { snisOf } from './snis.js';
