export * from './any.js';
export * from './kuma-registry.js';
