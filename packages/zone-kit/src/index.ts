export * from './ads-client.js';
export * from './ports.js';
export * from './sidecar.js';
export * from './test-mesh.js';
export * from './zone.js';
