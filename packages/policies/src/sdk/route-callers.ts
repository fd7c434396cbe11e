import { clone, create } from '@bufbuild/protobuf';
import { type HeaderMatcher, HeaderMatcherSchema, type Route, RouteSchema } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { ConfigSchema as SetFilterStateSchema } from '@mesh/proto/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.js';
import { FilterStateMatcherSchema } from '@mesh/proto/envoy/type/matcher/v3/filter_state_pb.js';
import { type ListenerModel, type NamedConfig, named, routeConfigOf } from '@mesh/xds';
import { mergeConfs } from './merge.js';
import type { InboundRules, RuleMatch } from './rules.js';
import { escapeRegex } from './tags-header.js';

/** Where Envoy tells the application who calls. */
const CERTIFICATE_HEADER = 'x-forwarded-client-cert';

interface CopyOptions<Conf> {
  /** Where the server name is kept on a connection. */
  readonly sniKey: string;
  /** What holds for everybody and is under what the rules say. */
  readonly base?: Conf | undefined;
  configure(route: Route, conf: Conf): void;
}

/**
 * Gives callers that a rule matches routes of their own: each route gets a copy in front, most
 * specific callers first, with what all rules that match them say. Callers are known from the
 * client certificate header, which Envoy writes itself on the chains that authenticate them, the
 * server name they asked for from the TLS hello. A rule for a server name alone has no effect.
 */
export function copyRoutesForCallers<Conf extends object>(
  listener: ListenerModel,
  matched: InboundRules<Conf>['matched'],
  options: CopyOptions<Conf>,
): void {
  const rules = matched.filter(({ match }) => match.spiffeID).sort((a, b) => specificity(b.match) - specificity(a.match));
  const bySni = rules.some(({ match }) => match.sni);
  if (bySni) listener.inspectTls = true;
  const copies = rules.map(({ match }) => {
    const confs = rules.filter((rule) => subsumes(rule.match, match)).map(({ conf }) => conf);
    return { match, conf: mergeConfs([...(options.base ? [options.base] : []), ...confs.reverse()]) ?? ({} as Conf) };
  });
  for (const chain of listener.chains) {
    if (!chain.authenticated || chain.terminal.kind !== 'http') continue;
    if (bySni) chain.networkFilters = [...(chain.networkFilters ?? []), rememberSni(options.sniKey)];
    for (const host of routeConfigOf(chain.terminal)?.virtualHosts ?? []) {
      host.routes = host.routes.flatMap((route) => [
        ...copies.map(({ match, conf }) => {
          const copy = routeForCaller(route, match, options.sniKey);
          options.configure(copy, conf);
          return copy;
        }),
        route,
      ]);
    }
  }
}

/** Matches requests of callers with such an id in their certificate. */
export function callerMatcher(spiffeID: NonNullable<RuleMatch['spiffeID']>): HeaderMatcher {
  const regex = `(?:.*;)?URI=${escapeRegex(spiffeID.value)}${spiffeID.type === 'Prefix' ? '.*' : '(?:[;,].*)?'}`;
  const value = { matchPattern: { case: 'safeRegex' as const, value: { regex } } };
  return create(HeaderMatcherSchema, { name: CERTIFICATE_HEADER, headerMatchSpecifier: { case: 'stringMatch', value } });
}

function routeForCaller(route: Route, { spiffeID, sni }: RuleMatch, sniKey: string): Route {
  const copy = clone(RouteSchema, route);
  if (spiffeID) copy.match?.headers.push(callerMatcher(spiffeID));
  if (sni) {
    const matcher = { case: 'stringMatch' as const, value: { matchPattern: { case: 'exact' as const, value: sni.value } } };
    copy.match?.filterState.push(create(FilterStateMatcherSchema, { key: sniKey, matcher }));
  }
  return copy;
}

/** Keeps the server name of the TLS hello where routes can see it. */
function rememberSni(sniKey: string): NamedConfig {
  const inlineString = { case: 'inlineString' as const, value: '%REQUESTED_SERVER_NAME%' };
  const format = { format: { case: 'textFormatSource' as const, value: { specifier: inlineString } }, omitEmptyValues: true };
  const value = {
    key: { case: 'objectKey' as const, value: sniKey },
    factoryKey: 'envoy.string',
    value: { case: 'formatString' as const, value: format },
  };
  return named('envoy.filters.network.set_filter_state', SetFilterStateSchema, create(SetFilterStateSchema, { onNewConnection: [value] }));
}

/** Exact over prefix, longer over shorter, then with a server name over without. */
function specificity({ spiffeID, sni }: RuleMatch): number {
  return (spiffeID?.type === 'Exact' ? 1_000_000 : 0) + 2 * (spiffeID?.value.length ?? 0) + (sni ? 1 : 0);
}

/** True where whoever matches the narrow one matches the wide one too. */
function subsumes(wide: RuleMatch, narrow: RuleMatch): boolean {
  if (wide.sni && wide.sni.value !== narrow.sni?.value) return false;
  if (wide.spiffeID?.type === 'Prefix') return narrow.spiffeID?.value.startsWith(wide.spiffeID.value) ?? false;
  return narrow.spiffeID?.type === 'Exact' && narrow.spiffeID.value === wide.spiffeID?.value;
}
