export * from './dataplane.js';
export * from './mesh.js';
export * from './resource-builder.js';
export * from './system.js';
export * from './view.js';
export * from './zone.js';
