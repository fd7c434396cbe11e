import { type JsonObject, kriOf, type Resource } from '@mesh/core';
import type { InboundInterface } from '@mesh/xds';
import type { ApiContext } from '../context.js';
import type { RuleOrigin } from './subsets.js';

/** A resource as inspections name it. */
export function metaOf({ kind, meta }: Resource<unknown>): JsonObject {
  const labels = Object.fromEntries(Object.entries(meta.labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { labels, mesh: meta.mesh, name: meta.name, type: kind };
}

/** Each policy once, in order. */
export function policiesOf(origins: readonly RuleOrigin[]): Resource[] {
  return [...new Map(origins.map(({ policy }) => [policy.meta.name, policy])).values()];
}

/** Where a rule comes from, entry by entry. */
export function printOrigins(origins: readonly RuleOrigin[]): JsonObject[] {
  return origins.map(({ policy, index }) => ({ resourceMeta: metaOf(policy), ruleIndex: index }));
}

/** Policies by their identifiers. */
export function krisOf(context: ApiContext, policies: readonly Resource[]): JsonObject[] {
  return policies.map((policy) => ({ kri: kriOf(context.registry.mustGet(policy.kind).shortName ?? '', policy) }));
}

/** An inbound as inspections name it. */
export function printInbound({ section, port, tags }: InboundInterface): JsonObject {
  const sorted = Object.fromEntries(Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...(section === String(port) ? {} : { name: section }), port, tags: sorted };
}
