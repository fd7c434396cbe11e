export { testIdentity } from './identity.js';
export * from './live.js';
export * from './validate.js';
