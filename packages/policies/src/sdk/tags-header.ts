import { create } from '@bufbuild/protobuf';
import { type HeaderMatcher, HeaderMatcherSchema } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import type { Tags } from '@mesh/resources';
import { type ListenerModel, routeConfigOf, type SidecarProxy } from '@mesh/xds';
import { headerOptions } from './header-options.js';
import type { Selector } from './selectors.js';

/** Header in which a proxy tells its tags, for policies that choose callers by them (contract/dataplane.md §3.5). */
export const TAGS_HEADER = 'x-kuma-tags';

/** The value of the header: `&key=a,b&&key=c&`, sorted; undefined where the proxy has no tags. */
export function tagsHeaderOf({ dataplane, inbounds }: SidecarProxy): string | undefined {
  const gateway = dataplane.spec.networking?.gateway?.tags;
  const values = new Map<string, Set<string>>();
  for (const tags of [...inbounds.map((inbound) => inbound.tags), ...(gateway ? [gateway] : [])]) {
    for (const [key, value] of Object.entries(tags)) values.set(key, (values.get(key) ?? new Set()).add(value));
  }
  if (values.size === 0) return undefined;
  return [...values.keys()]
    .sort()
    .map((key) => `&${key}=${[...(values.get(key) ?? [])].sort().join(',')}&`)
    .join('');
}

/** Makes the routes of an outbound tell the tags of this proxy, once. */
export function tellTags(listener: ListenerModel, ownTags: string): void {
  for (const { terminal } of listener.chains) {
    const config = terminal.kind === 'http' ? routeConfigOf(terminal) : undefined;
    if (config?.requestHeadersToAdd.some(({ header }) => header?.key === TAGS_HEADER)) continue;
    config?.requestHeadersToAdd.push(...headerOptions({ set: [{ name: TAGS_HEADER, value: ownTags }] }));
  }
}

/** Matches requests of callers that one of the selectors chooses. */
export function selectorsMatcher(selectors: readonly Selector[] | undefined): HeaderMatcher {
  const regex = (selectors ?? []).map(({ match = {} }) => tagsPattern(match)).join('|');
  const value = { matchPattern: { case: 'safeRegex' as const, value: { regex } } };
  return create(HeaderMatcherSchema, { name: TAGS_HEADER, headerMatchSpecifier: { case: 'stringMatch', value } });
}

/** A regular expression that the headers of callers with all these tags match; for `*` the key is enough. */
export function tagsPattern(tags: Tags): string {
  const parts = Object.keys(tags)
    .sort()
    .map((key) => `&${escapeRegex(key)}=${tags[key] === '*' ? '' : `(?:[^&]*,)?${escapeRegex(tags[key] ?? '')}[,&]`}.*`);
  return `.*${parts.join('')}`;
}

/** Text as a regular expression that matches just it. */
export function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
