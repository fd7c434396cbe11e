import type { Resource } from '@mesh/core';
import { TAG_SERVICE } from '@mesh/core';
import { type Backend, type HttpFilter, type HttpMatch, type HttpRoute, implicitRoute, type PathRewrite, routeNameOf } from '@mesh/xds';
import { backendsOf, backendTags } from '../sdk/backend-ref.js';
import { concernsService } from '../sdk/rules.js';
import type { MeshHttpRouteSpec, PathRewriteSpec, RouteConf, RouteFilter, RouteMatch } from './schema.js';

/** A rule after merging: what one list of matches leads to. */
interface MergedRule {
  readonly matches: readonly RouteMatch[];
  readonly conf: RouteConf;
  readonly origins: readonly Resource<unknown>[];
}

/** A match of a rule, in the order routes are tried. */
interface Candidate {
  readonly match: RouteMatch;
  readonly name: string;
  readonly conf: RouteConf;
  readonly origins: readonly Resource<unknown>[];
}

/**
 * Routes to a service from the policies that concern a proxy, weakest first; undefined where none
 * has rules for it (contract/policies.md §2.10). The last route takes what no rule takes.
 */
export function routesToService(
  policies: readonly Resource<MeshHttpRouteSpec>[],
  service: string,
  isHttp: (backend: Backend) => boolean,
): HttpRoute[] | undefined {
  const rules = mergeRules(policies, service);
  if (!rules) return undefined;
  const destination: Backend = { tags: { [TAG_SERVICE]: service }, weight: 1 };
  const candidates = rules.flatMap(({ matches, conf, origins }) => {
    const name = routeNameOf(matches.map(canonical));
    return matches.map((match) => ({ match, conf, name, origins }));
  });
  const routes = candidates.sort(compareCandidates).flatMap((candidate) => routeOf(candidate, destination, isHttp));
  const catchAll = implicitRoute([destination]);
  return routes.some((route) => route.name === catchAll.name) ? routes : [...routes, catchAll];
}

/** Rules for equal matches become one: `filters` and `backendRefs` of the stronger policy each replace the weaker's. */
function mergeRules(policies: readonly Resource<MeshHttpRouteSpec>[], service: string): MergedRule[] | undefined {
  const merged = new Map<string, MergedRule>();
  let found = false;
  for (const policy of [...policies].reverse()) {
    for (const entry of policy.spec.to ?? []) {
      if (!concernsService(entry.targetRef, service)) continue;
      found = true;
      for (const rule of entry.rules ?? []) {
        const key = JSON.stringify(rule.matches.map(canonical));
        const { conf, origins = [] } = merged.get(key) ?? {};
        merged.set(key, { matches: rule.matches, conf: { ...rule.default, ...conf }, origins: [...origins, policy] });
      }
    }
  }
  return found ? [...merged.values()] : undefined;
}

function routeOf({ match, name, conf, origins }: Candidate, destination: Backend, isHttp: (backend: Backend) => boolean): HttpRoute[] {
  const filters = (conf.filters ?? []).flatMap(filterOf);
  const redirects = filters.some((filter) => filter.type === 'redirect');
  const backends = conf.backendRefs
    ? backendsOf(conf.backendRefs).filter((backend) => backend.weight > 0 && isHttp(backend))
    : [destination];
  if (backends.length === 0 && !redirects) return [];
  return [{ name, match: matchOf(match), filters, backends, origins }];
}

/** Exact over prefix over regex, longer first, then what asks for more. */
function compareCandidates(a: Candidate, b: Candidate): number {
  return (
    pathOrder(b.match) - pathOrder(a.match) ||
    (b.match.path?.value.length ?? 0) - (a.match.path?.value.length ?? 0) ||
    Number(b.match.method !== undefined) - Number(a.match.method !== undefined) ||
    (b.match.headers?.length ?? 0) - (a.match.headers?.length ?? 0) ||
    (b.match.queryParams?.length ?? 0) - (a.match.queryParams?.length ?? 0)
  );
}

function pathOrder({ path }: RouteMatch): number {
  return path ? { Exact: 3, PathPrefix: 2, RegularExpression: 1 }[path.type] : 0;
}

/** The match with its fields in the order Kuma writes them: names of routes are hashes of this. */
function canonical(match: RouteMatch): object {
  return {
    ...(match.path ? { path: { value: match.path.value, type: match.path.type } } : {}),
    ...(match.method ? { method: match.method } : {}),
    ...(match.queryParams ? { queryParams: match.queryParams.map(({ type, name, value }) => ({ type, name, value })) } : {}),
    ...(match.headers
      ? { headers: match.headers.map(({ type, name, value }) => ({ type: type ?? 'Exact', name, ...(value ? { value } : {}) })) }
      : {}),
  };
}

const PATH_TYPES = { Exact: 'exact', PathPrefix: 'pathPrefix', RegularExpression: 'regex' } as const;
const HEADER_TYPES = { Exact: 'exact', Present: 'present', RegularExpression: 'regex', Absent: 'absent', Prefix: 'prefix' } as const;
const QUERY_TYPES = { Exact: 'exact', RegularExpression: 'regex' } as const;

function matchOf(match: RouteMatch): HttpMatch {
  return {
    ...(match.path ? { path: { type: PATH_TYPES[match.path.type], value: match.path.value } } : {}),
    ...(match.method ? { method: { type: 'exact', value: match.method } } : {}),
    headers: (match.headers ?? []).map(({ type, name, value }) => ({ type: HEADER_TYPES[type ?? 'Exact'], name, value: value ?? '' })),
    query: (match.queryParams ?? []).map(({ type, name, value }) => ({ type: QUERY_TYPES[type], name, value })),
  };
}

function filterOf(filter: RouteFilter): HttpFilter[] {
  if (filter.requestHeaderModifier) return [{ type: 'requestHeaders', changes: changesOf(filter.requestHeaderModifier) }];
  if (filter.responseHeaderModifier) return [{ type: 'responseHeaders', changes: changesOf(filter.responseHeaderModifier) }];
  if (filter.requestRedirect) {
    const { path, statusCode = 302, ...rest } = filter.requestRedirect;
    return [{ type: 'redirect', ...rest, statusCode, ...(path ? { path: rewriteOf(path) } : {}) }];
  }
  if (filter.urlRewrite) {
    const { path, hostname } = filter.urlRewrite;
    return [{ type: 'rewrite', ...(hostname ? { hostname } : {}), ...(path ? { path: rewriteOf(path) } : {}) }];
  }
  const tags = filter.requestMirror ? backendTags(filter.requestMirror.backendRef) : undefined;
  return tags ? [{ type: 'mirror', backend: { tags, weight: 1 }, percentage: Number(filter.requestMirror?.percentage ?? 100) }] : [];
}

function changesOf({ set = [], add = [], remove = [] }: NonNullable<RouteFilter['requestHeaderModifier']>) {
  return { set, add, remove };
}

function rewriteOf(path: PathRewriteSpec): PathRewrite {
  if (path.type === 'ReplaceFullPath') return { type: 'full', value: path.replaceFullPath ?? '/' };
  return { type: 'prefix', value: path.replacePrefixMatch ?? '/' };
}
