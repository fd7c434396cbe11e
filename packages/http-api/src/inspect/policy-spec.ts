import type { JsonObject, Resource, TargetRef } from '@mesh/core';

/** An entry of `to`, `from` or `rules`. */
export interface Entry {
  readonly targetRef?: TargetRef;
  readonly default?: JsonObject;
  readonly matches?: readonly JsonObject[];
  readonly [field: string]: unknown;
}

/** The parts of a policy with a targetRef, whichever kind it is. */
export interface AnyPolicySpec {
  readonly targetRef?: TargetRef;
  readonly to?: readonly Entry[];
  readonly from?: readonly Entry[];
  readonly rules?: readonly Entry[];
  readonly default?: JsonObject;
}

/** A policy with a targetRef. */
export type AnyPolicy = Resource<AnyPolicySpec>;

/** What an entry says: its `default`; for routes all but the reference. */
export function confOf({ targetRef: _, default: conf, ...rest }: Entry): JsonObject {
  return conf ?? (rest as JsonObject);
}
