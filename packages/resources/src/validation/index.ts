export * from './address.js';
export * from './tags.js';
export * from './zone-proxy.js';
