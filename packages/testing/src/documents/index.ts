export { type DocumentCodec, documentWith, expectRoundTrip } from './round-trip.js';
export { valuesOf } from './values-of.js';
