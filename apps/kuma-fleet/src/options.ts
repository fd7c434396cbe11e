import { parseDuration } from '@mesh/core';
import { InvalidArgumentError } from 'commander';

/** What `kuma-fleet` was told. Durations are in milliseconds. */
export interface FleetFlags {
  readonly cpAddress: readonly { readonly host: string; readonly port: number }[];
  readonly caCertFile?: string;
  readonly apiAddress: string;
  readonly dataplaneTokenFile?: string;
  readonly token: boolean;
  readonly mesh: string;
  readonly dps: number;
  readonly services: number;
  readonly outbounds: number;
  readonly xds: 'sotw' | 'delta';
  readonly streamsPerConnection: number;
  readonly rampupPeriod: number;
  readonly endpointChanges: number;
  readonly policyChanges: number;
  readonly churn: number;
  readonly duration: number;
  readonly deadline: number;
  readonly output: 'table' | 'json';
}

/** A duration such as `30s`, in milliseconds. */
export function durationOption(text: string): number {
  const ms = text === '0' ? 0 : parseDuration(text);
  if (ms === undefined || ms < 0) throw new InvalidArgumentError('A duration looks like 30s or 1m30s.');
  return ms;
}

/** A whole number from `min` on. */
export function countOption(min: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!Number.isSafeInteger(count) || count < min) throw new InvalidArgumentError(`Wanted a whole number from ${min} on.`);
    return count;
  };
}

/** A rate per second, fractions allowed. */
export function rateOption(text: string): number {
  const rate = Number(text);
  if (!Number.isFinite(rate) || rate < 0 || rate > 1000) throw new InvalidArgumentError('Wanted a rate per second from 0 to 1000.');
  return rate;
}

/** Another `https://host:port` (or `grpcs://`) of a control plane. */
export function addressOption(text: string, earlier: FleetFlags['cpAddress'] | undefined): FleetFlags['cpAddress'] {
  const match = /^(?:https|grpcs):\/\/(\[[^\]]+\]|[^:/]+):(\d+)\/?$/.exec(text);
  if (!match?.[1]) throw new InvalidArgumentError('Wanted https://host:port.');
  return [...(earlier ?? []), { host: match[1].replace(/^\[|\]$/g, ''), port: Number(match[2]) }];
}
