import { type AnyDescriptor, type Resource, TAG_SERVICE } from '@mesh/core';
import type { PolicySource } from '@mesh/policies/matching';
import { bestRank, matchPolicies, type Selector, winnerOf } from '@mesh/policies/matching';
import { type DataplaneSpec, type Tags, tagSetsOf } from '@mesh/resources';
import type { SidecarProxy } from '@mesh/xds';

/** The part of a proxy that policies are attached to. */
export interface Place {
  readonly type: 'dataplane' | 'inbound' | 'outbound' | 'service';
  readonly name?: string;
  readonly service?: string;
}

/** Policies of one kind at one part of a proxy. */
export interface Attachment {
  readonly place: Place;
  readonly kind: string;
  readonly policies: readonly Resource[];
}

interface ConnectionSpec {
  readonly sources?: readonly Selector[];
  readonly destinations?: readonly Selector[];
  readonly selectors?: readonly Selector[];
}

type ConnectionPolicy = Resource<ConnectionSpec>;

const WHOLE: Place = { type: 'dataplane' };

/** Where the policies of Kuma before targetRef work. Of those at an inbound of the listed kinds all count, elsewhere the best one. */
const PLACE_OF_LEGACY: Readonly<Record<string, Place['type']>> = {
  TrafficPermission: 'inbound',
  FaultInjection: 'inbound',
  RateLimit: 'inbound',
  TrafficRoute: 'outbound',
  Timeout: 'outbound',
  HealthCheck: 'service',
  CircuitBreaker: 'service',
  Retry: 'service',
  TrafficLog: 'service',
  TrafficTrace: 'dataplane',
  ProxyTemplate: 'dataplane',
};
const ALL_COUNT: ReadonlySet<string> = new Set(['FaultInjection', 'RateLimit']);

/** Where the policies of a kind are attached to a proxy: to all of it, or for kinds without targetRef to inbounds, outbounds and services. */
export function attachmentsOf(descriptor: AnyDescriptor, proxy: SidecarProxy, source: PolicySource): Attachment[] {
  const { kind, policy } = descriptor;
  if (policy?.isTargetRef) {
    const { all } = matchPolicies(source, proxy, kind);
    return all.length > 0 ? [{ place: WHOLE, kind, policies: all as unknown as Resource[] }] : [];
  }
  const place = PLACE_OF_LEGACY[kind];
  if (place === undefined) return [];
  const policies = source.policies<ConnectionSpec>(kind);
  if (policies.length === 0) return [];
  return placesOf(place, proxy).flatMap(({ place: at, concerns }): Attachment[] => {
    const ranked = policies.flatMap((each) => {
      const rank = concerns(each);
      return rank ? [{ policy: each, rank }] : [];
    });
    const best = winnerOf(ranked);
    const chosen = ALL_COUNT.has(kind) ? ranked.map((each) => each.policy) : best ? [best] : [];
    return chosen.length > 0 ? [{ place: at, kind, policies: chosen as unknown as Resource[] }] : [];
  });
}

interface LegacyPlace {
  readonly place: Place;
  /** How specifically a policy is for the place; undefined where it is not. */
  readonly concerns: (policy: ConnectionPolicy) => ReturnType<typeof bestRank>;
}

function placesOf(type: Place['type'], proxy: SidecarProxy): LegacyPlace[] {
  const { spec } = proxy.dataplane;
  const own = tagSetsOf(spec);
  if (type === 'dataplane') return [{ place: WHOLE, concerns: ({ spec: { selectors } }) => bestRank(selectors, own) }];
  if (type === 'inbound') {
    return proxy.inbounds.map(({ advertisedAddress, port, workloadPort, service, tags }) => ({
      place: { type, name: `${advertisedAddress}:${port}:${workloadPort}`, service },
      concerns: ({ spec: { destinations } }) => bestRank(destinations, [tags]),
    }));
  }
  return outboundsOf(spec).map(({ address, service, tags }) => ({
    place: type === 'outbound' ? { type, name: address, service } : { type, name: service, service },
    concerns: ({ spec: { sources, destinations } }) => (bestRank(sources, own) ? bestRank(destinations, [tags]) : undefined),
  }));
}

/** The outbounds a dataplane names itself, by tags. */
export function outboundsOf(spec: DataplaneSpec): { address: string; service: string; tags: Tags }[] {
  return (spec.networking?.outbound ?? []).flatMap(({ address, port, tags = {} }) => {
    const service = tags[TAG_SERVICE];
    return service === undefined ? [] : [{ address: `${address || '127.0.0.1'}:${port}`, service, tags }];
  });
}
