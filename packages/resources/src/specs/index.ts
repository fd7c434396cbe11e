export type * from './common.js';
export type * from './dataplane.js';
export type * from './insight.js';
export type * from './mesh.js';
export type * from './system.js';
export type * from './zone.js';
