export { type BootedService, type BootOptions, bootService } from './boot-service.js';
export * from './builders/index.js';
export * from './documents/index.js';
export * from './envoy/index.js';
export * from './golden/index.js';
export { RedisServer } from './redis-server.js';
export { sayHowLong } from './say-how-long.js';
export * from './store-contract/index.js';
export { claimsOf, type TokenClaims } from './tokens.js';
