import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type HeaderValueOption,
  HeaderValueOption_HeaderAppendAction,
  HeaderValueOptionSchema,
} from '@mesh/proto/envoy/config/core/v3/base_pb.js';
import {
  type HeaderMatcher,
  HeaderMatcherSchema,
  type QueryParameterMatcher,
  QueryParameterMatcherSchema,
  RedirectAction_RedirectResponseCode,
  type RedirectActionSchema,
  type Route,
  type RouteAction,
  RouteActionSchema,
  type RouteMatchSchema,
  RouteSchema,
} from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { type StringMatcher, StringMatcherSchema } from '@mesh/proto/envoy/type/matcher/v3/string_pb.js';
import { FractionalPercent_DenominatorType } from '@mesh/proto/envoy/type/v3/percent_pb.js';
import type { Backend, HeaderChanges, HeaderMatch, HttpFilter, HttpRoute, PathRewrite, QueryMatch, StringMatch } from '../model/routes.js';
import { durationOf } from './messages.js';

/** Cluster of a backend, and whether its host name goes into the request. */
export interface BackendCluster {
  readonly name: string;
  readonly rewriteHost: boolean;
  /** Why nothing behind the cluster can be reached; callers are told. */
  readonly refusal?: string;
}

/** One path condition of Envoy: how it matches, and the prefix a rewrite replaces. */
interface EnvoyPath {
  readonly match: MessageInitShape<typeof RouteMatchSchema>['pathSpecifier'];
  readonly kind: 'exact' | 'prefix' | 'slashPrefix' | 'root' | 'regex';
}

/** Routes of Envoy for one neutral route: two where a path prefix ends at a slash (contract/policies.md §2.10). */
export function envoyRoutes(route: HttpRoute, clusterOf: (backend: Backend) => BackendCluster): Route[] {
  return envoyPaths(route).map((path) => {
    const message = create(RouteSchema, {
      name: route.name,
      match: {
        ...(path.match ? { pathSpecifier: path.match } : {}),
        headers: [...methodMatcher(route.match.method), ...headerMatchers(route.match.headers ?? [])],
        queryParameters: (route.match.query ?? []).map(queryMatcher),
      },
      action: actionOf(route, path, clusterOf),
    });
    for (const filter of route.filters) applyHeaders(message, filter);
    return message;
  });
}

function envoyPaths(route: HttpRoute): EnvoyPath[] {
  const path = route.match.path ?? { type: 'prefix' as const, value: '/' };
  if (path.type === 'exact') return [{ match: { case: 'path', value: path.value }, kind: 'exact' }];
  if (path.type === 'regex') return [{ match: { case: 'safeRegex', value: { regex: path.value } }, kind: 'regex' }];
  if (path.value === '/') return [{ match: { case: 'prefix', value: '/' }, kind: 'root' }];
  if (path.type === 'prefix') return [{ match: { case: 'prefix', value: path.value }, kind: 'prefix' }];
  return [
    { match: { case: 'path', value: path.value }, kind: 'exact' },
    { match: { case: 'prefix', value: `${path.value}/` }, kind: 'slashPrefix' },
  ];
}

function actionOf(
  route: HttpRoute,
  path: EnvoyPath,
  clusterOf: (backend: Backend) => BackendCluster,
): NonNullable<MessageInitShape<typeof RouteSchema>['action']> {
  const redirect = route.filters.find((filter) => filter.type === 'redirect');
  if (redirect) return { case: 'redirect', value: redirectAction(redirect, path) };
  const backends = route.backends.filter((backend) => backend.weight > 0);
  if (backends.length === 0) return { case: 'directResponse', value: { status: 503 } };
  const clusters = backends.map((backend) => ({ ...clusterOf(backend), weight: backend.weight }));
  const [refusal] = clusters.map((cluster) => cluster.refusal);
  if (refusal !== undefined && clusters.every((cluster) => cluster.refusal !== undefined)) {
    return { case: 'directResponse', value: { status: 503, body: { specifier: { case: 'inlineString', value: refusal } } } };
  }
  const action = create(RouteActionSchema, { timeout: durationOf(0) });
  const [first] = clusters;
  action.clusterSpecifier = create(RouteActionSchema, {
    clusterSpecifier:
      clusters.length === 1 && first
        ? { case: 'cluster', value: first.name }
        : { case: 'weightedClusters', value: { clusters: clusters.map(({ name, weight }) => ({ name, weight })) } },
  }).clusterSpecifier;
  if (clusters.some((cluster) => cluster.rewriteHost)) setHost(action, { case: 'autoHostRewrite', value: { value: true } });
  for (const filter of route.filters) {
    applyRewrite(action, filter, path);
    applyMirror(action, filter, clusterOf);
  }
  return { case: 'route', value: action };
}

function setHost(action: RouteAction, specifier: MessageInitShape<typeof RouteActionSchema>['hostRewriteSpecifier']): void {
  action.hostRewriteSpecifier = create(RouteActionSchema, specifier ? { hostRewriteSpecifier: specifier } : {}).hostRewriteSpecifier;
}

function applyRewrite(action: RouteAction, filter: HttpFilter, path: EnvoyPath): void {
  if (filter.type !== 'rewrite') return;
  if (filter.hostname !== undefined) setHost(action, { case: 'hostRewriteLiteral', value: filter.hostname });
  if (filter.hostFromPath) setHost(action, { case: 'hostRewritePathRegex', value: regexRewrite(filter.hostFromPath) });
  if (!filter.path) return;
  const rewrite = create(RouteActionSchema, rewriteOf(filter.path, path));
  action.prefixRewrite = rewrite.prefixRewrite;
  action.regexRewrite = rewrite.regexRewrite;
}

function applyMirror(action: RouteAction, filter: HttpFilter, clusterOf: (backend: Backend) => BackendCluster): void {
  if (filter.type !== 'mirror') return;
  const defaultValue = { numerator: Math.round(filter.percentage * 10_000), denominator: FractionalPercent_DenominatorType.MILLION };
  const policy = { cluster: clusterOf(filter.backend).name, runtimeFraction: { defaultValue } };
  action.requestMirrorPolicies.push(...create(RouteActionSchema, { requestMirrorPolicies: [policy] }).requestMirrorPolicies);
}

/** How a rewrite of the path reads in Envoy, given what part of the path the route matched. */
function rewriteOf(rewrite: PathRewrite, path: EnvoyPath): { prefixRewrite?: string; regexRewrite?: ReturnType<typeof regexRewrite> } {
  if (rewrite.type === 'regex') return { regexRewrite: regexRewrite(rewrite) };
  if (rewrite.type === 'full') return { regexRewrite: regexRewrite({ pattern: '.*', substitution: escapeSubstitution(rewrite.value) }) };
  const value = rewrite.value === '' ? '/' : rewrite.value;
  if (path.kind === 'slashPrefix') return { prefixRewrite: value.endsWith('/') ? value : `${value}/` };
  if (path.kind === 'root' && !value.endsWith('/')) {
    return { regexRewrite: regexRewrite({ pattern: '^/', substitution: `${escapeSubstitution(value)}/` }) };
  }
  return { prefixRewrite: value };
}

function regexRewrite(rewrite: { readonly pattern: string; readonly substitution: string }) {
  return { pattern: { regex: rewrite.pattern }, substitution: rewrite.substitution };
}

/** Backslashes mean capture groups in a substitution. */
function escapeSubstitution(text: string): string {
  return text.replaceAll('\\', '\\\\');
}

function redirectAction(
  redirect: Extract<HttpFilter, { type: 'redirect' }>,
  path: EnvoyPath,
): MessageInitShape<typeof RedirectActionSchema> {
  const code = REDIRECT_CODES[redirect.statusCode] ?? RedirectAction_RedirectResponseCode.FOUND;
  const rewrite = redirect.path ? redirectPath(redirect.path, path) : undefined;
  return {
    responseCode: code,
    ...(redirect.scheme ? { schemeRewriteSpecifier: { case: 'schemeRedirect' as const, value: redirect.scheme } } : {}),
    hostRedirect: redirect.hostname ?? '',
    portRedirect: redirect.port ?? 0,
    ...(rewrite ? { pathRewriteSpecifier: rewrite } : {}),
  };
}

function redirectPath(rewrite: PathRewrite, path: EnvoyPath): MessageInitShape<typeof RedirectActionSchema>['pathRewriteSpecifier'] {
  if (rewrite.type === 'full') return { case: 'pathRedirect', value: rewrite.value };
  const how = rewriteOf(rewrite, path);
  if (how.regexRewrite) return { case: 'regexRewrite', value: how.regexRewrite };
  return { case: 'prefixRewrite', value: how.prefixRewrite ?? '/' };
}

const REDIRECT_CODES: Readonly<Record<number, RedirectAction_RedirectResponseCode>> = {
  301: RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY,
  302: RedirectAction_RedirectResponseCode.FOUND,
  303: RedirectAction_RedirectResponseCode.SEE_OTHER,
  307: RedirectAction_RedirectResponseCode.TEMPORARY_REDIRECT,
  308: RedirectAction_RedirectResponseCode.PERMANENT_REDIRECT,
};

function applyHeaders(route: Route, filter: HttpFilter): void {
  if (filter.type === 'requestHeaders') {
    route.requestHeadersToAdd.push(...headerOptions(filter.changes));
    route.requestHeadersToRemove.push(...filter.changes.remove);
  } else if (filter.type === 'responseHeaders') {
    route.responseHeadersToAdd.push(...headerOptions(filter.changes));
    route.responseHeadersToRemove.push(...filter.changes.remove);
  }
}

function headerOptions(changes: HeaderChanges): HeaderValueOption[] {
  const option = (header: { name: string; value: string }, appendAction: HeaderValueOption_HeaderAppendAction) =>
    create(HeaderValueOptionSchema, { header: { key: header.name, value: header.value }, appendAction });
  return [
    ...changes.set.map((header) => option(header, HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)),
    ...changes.add.map((header) => option(header, HeaderValueOption_HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD)),
  ];
}

function headerMatchers(headers: readonly HeaderMatch[]): HeaderMatcher[] {
  return headers.map((header) => {
    if (header.type === 'present' || header.type === 'absent') {
      return create(HeaderMatcherSchema, {
        name: header.name,
        headerMatchSpecifier: { case: 'presentMatch', value: header.type === 'present' },
      });
    }
    return stringHeader(header.name, { type: header.type, value: header.value });
  });
}

function methodMatcher(method: StringMatch | undefined): HeaderMatcher[] {
  return method ? [stringHeader(':method', method)] : [];
}

function stringHeader(name: string, match: StringMatch): HeaderMatcher {
  return create(HeaderMatcherSchema, { name, headerMatchSpecifier: { case: 'stringMatch', value: stringMatcher(match) } });
}

function queryMatcher(query: QueryMatch): QueryParameterMatcher {
  return create(QueryParameterMatcherSchema, {
    name: query.name,
    queryParameterMatchSpecifier: { case: 'stringMatch', value: stringMatcher(query) },
  });
}

function stringMatcher(match: StringMatch): StringMatcher {
  const matchPattern =
    match.type === 'regex' ? { case: 'safeRegex' as const, value: { regex: match.value } } : { case: match.type, value: match.value };
  return create(StringMatcherSchema, { matchPattern });
}
