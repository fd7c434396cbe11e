export * from './allocator.js';
export * from './service-vips.js';
export * from './vip-config.js';
