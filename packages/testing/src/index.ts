export * from './builders/index.js';
export * from './store-contract/index.js';
export * from './envoy/index.js';
export * from './golden/index.js';
