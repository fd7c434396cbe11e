/** Which policies concern a proxy, and what they come to: for inspection, without Envoy's types. */
export { type MatchedPolicies, matchPolicies, type PolicySource } from './sdk/matching.js';
export { mergeConfs } from './sdk/merge.js';
export { bestRank, type Selector, winnerOf } from './sdk/selectors.js';
