export * from './handler.js';
export { addAdsService } from './service.js';
export type { AdsServiceOptions } from './stream.js';
