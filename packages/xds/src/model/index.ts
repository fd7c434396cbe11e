/** Reading dataplanes and their tags, for those who make no Envoy configuration: loads none of its types. */
export * from '../context/inbounds.js';
export { containsTags } from './tags.js';
