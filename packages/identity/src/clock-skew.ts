/**
 * How far in the past certificates and tokens become valid, in ms: whoever checks them, in another zone perhaps, may have a clock
 * that is ten minutes behind the issuer's.
 */
export const CLOCK_SKEW_MS = 15 * 60_000;
