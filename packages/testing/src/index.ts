export * from './builders/index.js';
export * from './store-contract/index.js';
