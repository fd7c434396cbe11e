export * from './actions.js';
export * from './delta-session.js';
export * from './rules.js';
export * from './snapshot.js';
export * from './sotw-session.js';
