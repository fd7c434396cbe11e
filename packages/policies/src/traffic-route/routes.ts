import { TAG_SERVICE } from '@mesh/core';
import type { Tags } from '@mesh/resources';
import {
  type Backend,
  commonProtocol,
  type HeaderChanges,
  type HttpFilter,
  type HttpRoute,
  isHttpBased,
  type LoadBalancer,
  type OutboundRoutes,
  type Protocol,
  type StringMatch,
} from '@mesh/xds';
import type { HeaderModify, HttpRule, LoadBalancerSpec, Modify, RouteConf, RouteMatch, Split, StringMatcher } from './schema.js';

/** An outbound to route, and what it may meet. */
export interface RouteSubject {
  /** Tags of the outbound; fill what destinations leave open. */
  readonly tags: Tags;
  protocolOf(service: string): Protocol;
}

/** Routes of an outbound as the conf of the winning policy gives them (contract/policies.md §1.2). */
export function routesOfConf(conf: RouteConf, subject: RouteSubject): OutboundRoutes {
  const balancer = loadBalancerOf(conf.loadBalancer);
  const loadBalancer = balancer ? { loadBalancer: balancer } : {};
  const backends = backendsOf(conf, subject.tags);
  const rules = conf.http ?? [];
  const all = [...backends, ...rules.flatMap((rule) => backendsOf(rule, subject.tags))];
  const protocol = commonProtocol(all.map((backend) => subject.protocolOf(backend.tags[TAG_SERVICE] ?? '')));
  if (!isHttpBased(protocol)) return { type: 'tcp', backends, ...loadBalancer };
  const routes = rules.map((rule) => httpRoute(rule, subject.tags));
  return { type: 'http', routes: [...routes, { name: '', match: {}, filters: [], backends }], ...loadBalancer };
}

/** Destinations of a conf, as written. */
export function destinationsOf(conf: RouteConf): Tags[] {
  return [conf, ...(conf.http ?? [])].flatMap(({ split = [], destination }) => [
    ...split.flatMap((part) => (part.destination ? [part.destination] : [])),
    ...(destination ? [destination] : []),
  ]);
}

function backendsOf({ split = [], destination }: { readonly split?: readonly Split[]; readonly destination?: Tags }, own: Tags): Backend[] {
  if (destination && Object.keys(destination).length > 0) return [{ tags: fill(destination, own), weight: 1 }];
  return split
    .map((part) => ({ tags: fill(part.destination ?? {}, own), weight: part.weight ?? 0 }))
    .filter((backend) => backend.weight > 0);
}

/** A `*` means the outbound's own value, or no matter which; tags left out come from the outbound. */
function fill(destination: Tags, own: Tags): Tags {
  const given = Object.entries(destination).filter(([, value]) => value !== '*');
  return { ...own, ...Object.fromEntries(given) };
}

function httpRoute(rule: HttpRule, own: Tags): HttpRoute {
  return { name: '', match: matchOf(rule.match ?? {}), filters: filtersOf(rule.modify ?? {}), backends: backendsOf(rule, own) };
}

/** Kuma compares the method as the last of the headers. */
const METHOD = ':method';

function matchOf({ method, path, headers = {} }: RouteMatch): HttpRoute['match'] {
  return {
    ...(path ? { path: stringMatch(path) } : {}),
    headers: [...Object.keys(headers).sort(), ...(method ? [METHOD] : [])].map((name) => ({
      name,
      ...stringMatch((name === METHOD ? method : headers[name]) ?? {}),
    })),
  };
}

function stringMatch({ prefix, exact, regex }: StringMatcher): StringMatch {
  if (prefix !== undefined) return { type: 'prefix', value: prefix };
  return regex === undefined ? { type: 'exact', value: exact ?? '' } : { type: 'regex', value: regex };
}

function filtersOf({ path, host, requestHeaders, responseHeaders }: Modify): HttpFilter[] {
  const filters: HttpFilter[] = [];
  if (path || host) {
    const regex = path?.regex
      ? { type: 'regex' as const, pattern: path.regex.pattern ?? '', substitution: path.regex.substitution ?? '' }
      : undefined;
    const rewrite = path?.rewritePrefix === undefined ? regex : { type: 'prefix' as const, value: path.rewritePrefix };
    const fromPath = host?.fromPath && { pattern: host.fromPath.pattern ?? '', substitution: host.fromPath.substitution ?? '' };
    filters.push({
      type: 'rewrite',
      ...(rewrite ? { path: rewrite } : {}),
      ...(host?.value === undefined ? {} : { hostname: host.value }),
      ...(fromPath ? { hostFromPath: fromPath } : {}),
    });
  }
  if (requestHeaders) filters.push({ type: 'requestHeaders', changes: changesOf(requestHeaders) });
  if (responseHeaders) filters.push({ type: 'responseHeaders', changes: changesOf(responseHeaders) });
  return filters;
}

function changesOf({ add = [], remove = [] }: HeaderModify): HeaderChanges {
  const values = (append: boolean) =>
    add.filter((header) => (header.append ?? false) === append).map(({ name = '', value = '' }) => ({ name, value }));
  return { set: values(false), add: values(true), remove: remove.map(({ name = '' }) => name) };
}

function loadBalancerOf(spec: LoadBalancerSpec | undefined): LoadBalancer | undefined {
  if (spec?.random) return { type: 'random' };
  if (spec?.maglev) return { type: 'maglev' };
  if (spec?.leastRequest) return { type: 'leastRequest', choiceCount: spec.leastRequest.choiceCount || 2 };
  if (!spec?.ringHash) return undefined;
  const { hashFunction, minRingSize, maxRingSize } = spec.ringHash;
  return {
    type: 'ringHash',
    hashFunction: hashFunction === 'MURMUR_HASH_2' ? 'MURMUR_HASH_2' : 'XX_HASH',
    ...(minRingSize ? { minRingSize: Number(minRingSize) } : {}),
    ...(maxRingSize ? { maxRingSize: Number(maxRingSize) } : {}),
  };
}
