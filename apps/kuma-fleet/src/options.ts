import { parseDuration } from '@mesh/core';
import { InvalidArgumentError } from 'commander';

/** What `kuma-fleet` was told. Durations are in milliseconds. */
export interface FleetFlags {
  readonly cpAddress: readonly { readonly host: string; readonly port: number }[];
  readonly caCertFile?: string;
  readonly apiAddress: readonly string[];
  readonly globalApiAddress?: string;
  readonly dataplaneTokenFile?: string;
  readonly token: boolean;
  readonly mesh: string;
  readonly zones: number;
  readonly dps: number;
  readonly services: number;
  readonly outbounds: number;
  readonly xds: 'sotw' | 'delta';
  readonly streamsPerConnection: number;
  readonly retryPolicy: 'own' | 'envoy';
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

/** Another URL of a REST API, without a slash at its end. */
export function apiOption(text: string, earlier: readonly string[] | undefined): readonly string[] {
  if (!/^https?:\/\/[^/]+\/*$/.test(text)) throw new InvalidArgumentError('Wanted http://host:port.');
  return [...(earlier ?? []), text.replace(/\/+$/, '')];
}

/** Control planes and API of each zone. */
export interface ZoneAddresses {
  readonly controlPlanes: FleetFlags['cpAddress'];
  readonly api: string;
}

const DEFAULT_API = 'http://localhost:5681';

/**
 * Gives zones their control planes, in turns, and their APIs.
 * @throws Error where a zone has none, or where a policy would reach one zone only.
 */
export function zonesOf(
  flags: Pick<FleetFlags, 'zones' | 'cpAddress' | 'apiAddress' | 'globalApiAddress' | 'policyChanges'>,
): ZoneAddresses[] {
  const { zones, cpAddress } = flags;
  const apiAddress = flags.apiAddress.length > 0 ? flags.apiAddress : [DEFAULT_API];
  if (cpAddress.length < zones)
    throw new Error(`--zones ${zones} needs --cp-address ${zones} times, once for each zone; it was given ${cpAddress.length} times`);
  if (apiAddress.length !== zones)
    throw new Error(
      `--zones ${zones} needs --api-address ${zones} times, in the order of the zones; it was given ${flags.apiAddress.length} times`,
    );
  if (zones > 1 && flags.policyChanges > 0 && flags.globalApiAddress === undefined)
    throw new Error('--policy-changes with several zones needs --global-api-address: a policy of a zone reaches that zone only');
  return apiAddress.map((api, zone) => ({ controlPlanes: cpAddress.filter((_, index) => index % zones === zone), api }));
}
