export * from './ads/index.js';
export * from './control-plane/index.js';
export { rawMethod } from './definition.js';
export * from './kds/index.js';
export * from './mux/mux-server.js';
export * from './server.js';
export * from './status.js';
export * from './xds-server.js';
