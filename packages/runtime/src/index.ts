export * from './config/index.js';
export * from './health.js';
export * from './logger.js';
export * from './metrics.js';
export * from './run-service.js';
export * from './service.js';
export * from './service-host.js';
