export * from './codec/index.js';
export { formatTags, tagSetsOf } from './columns.js';
export { coreKinds } from './index.gen.js';
export * from './manager/index.js';
export { parseExpiration } from './mesh/expiration.js';
export { renderTemplate } from './plugin/index.js';
export * from './proto-json/index.js';
export type * from './specs/index.js';
export * from './validation/index.js';
