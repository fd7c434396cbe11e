import type { Tags } from '@mesh/resources';
import type { SidecarProxy } from '@mesh/xds';

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

/** A regular expression that the headers of callers with all these tags match. */
export function tagsPattern(tags: Tags): string {
  const parts = Object.keys(tags)
    .sort()
    .map((key) => `&${escapeRegex(key)}=(?:[^&]*,)?${escapeRegex(tags[key] ?? '')}[,&].*`);
  return `.*${parts.join('')}`;
}

/** Text as a regular expression that matches just it. */
export function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
