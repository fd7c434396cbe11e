export * from './kds/index.js';
