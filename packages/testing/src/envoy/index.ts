export * from './live.js';
export * from './validate.js';
