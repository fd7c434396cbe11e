import type { Violations } from '@mesh/core';
import { parseProtoDuration } from '@mesh/core';
import { checkOnlyServiceSelectors, checkServiceSelectors, type Selector } from './selectors.js';

/** A policy for connections between services, by tags. */
export interface ConnectionSpec {
  /** Callers, by the tags of their dataplanes. */
  readonly sources?: readonly Selector[];
  /** Called services. */
  readonly destinations?: readonly Selector[];
}

/** Reports selectors of a policy for outbound connections: sources name a service, destinations nothing else. */
export function checkConnections({ sources, destinations }: ConnectionSpec, violations: Violations): void {
  checkServiceSelectors(sources, violations.field('sources'));
  checkOnlyServiceSelectors(destinations, violations.field('destinations'));
}

/** Milliseconds of a duration in protobuf JSON; undefined stays undefined. */
export function protoMs(duration: string | undefined): number | undefined {
  return duration === undefined ? undefined : parseProtoDuration(duration);
}

/** Reports a percentage outside of 0-100. */
export function checkPercent(value: number | undefined, at: Violations): void {
  if (value !== undefined && !(value >= 0 && value <= 100)) at.add('has to be in [0.0 - 100.0] range');
}

/** Reports a number or duration that is given and not above zero. */
export function checkAboveZeroIfGiven(value: number | undefined, at: Violations): void {
  if (value !== undefined && value <= 0) at.add('has to be greater than 0 when defined');
}
