import { type AnyDescriptor, type JsonObject, type Resource, TAG_SERVICE, type TargetRef } from '@mesh/core';
import { type MatchedPolicies, matchPolicies } from '@mesh/policies/matching';
import { specOf } from '@mesh/resources';
import type { InboundInterface } from '@mesh/xds';
import { type AnyPolicy, type AnyPolicySpec, confOf } from './policy-spec.js';
import { destinationRules, type ResourceRule, routeRules } from './resource-rules.js';
import { mergeRouteConfs } from './route-conf.js';
import { isExclusive, type Subject } from './subject.js';
import { type RuleOrigin, type SubsetRule, subsetRules, type TaggedConf } from './subsets.js';

/** A rule of an inbound: not merged with others. */
export interface InboundRule {
  readonly conf: JsonObject;
  readonly match?: JsonObject;
  readonly origin: RuleOrigin;
}

/** What the policies of one kind say of one proxy (contract/rest-api.md §3, `_rules`). */
export interface PolicyRules {
  readonly descriptor: AnyDescriptor;
  /** For destinations by tags. */
  readonly to: readonly SubsetRule[];
  /** For destinations by resource. */
  readonly toResources: readonly ResourceRule[];
  /** For routes, where a policy is for some of them. */
  readonly toRoutes: readonly ResourceRule[];
  /** For callers by tags, inbound by inbound. */
  readonly from: readonly { readonly inbound: InboundInterface; readonly rules: readonly SubsetRule[] }[];
  /** For inbounds. */
  readonly inbounds: readonly { readonly inbound: InboundInterface; readonly rules: readonly InboundRule[] }[];
  /** For the proxy as a whole. */
  readonly proxy?: { readonly conf: JsonObject; readonly origins: readonly RuleOrigin[] };
}

/** Rules of every kind of policies with a targetRef that concerns the proxy, in order of application. */
export function rulesOf(subject: Subject, descriptors: readonly AnyDescriptor[]): PolicyRules[] {
  return descriptors
    .filter(({ policy }) => policy?.isTargetRef)
    .flatMap((descriptor) => {
      const matched = matchPolicies<AnyPolicySpec>(subject.source, subject.proxy, descriptor.kind);
      return matched.all.length === 0 ? [] : [rulesOfKind(descriptor, matched, subject)].filter(isSomething);
    });
}

function isSomething({ to, toResources, toRoutes, from, inbounds, proxy }: PolicyRules): boolean {
  return proxy !== undefined || [to, toResources, toRoutes, from, inbounds].some((list) => list.length > 0);
}

function rulesOfKind(descriptor: AnyDescriptor, matched: MatchedPolicies<AnyPolicySpec>, subject: Subject): PolicyRules {
  const { hasTo, hasFrom, hasRules, fromAsRules } = descriptor.policy ?? {};
  const ordered = (policies: readonly AnyPolicy[]): readonly AnyPolicy[] =>
    policies.map((policy) => ({ ...policy, spec: specOf(descriptor, policy.spec as JsonObject) as AnyPolicySpec }));
  const all = ordered(matched.all);
  const perInbound = subject.proxy.inbounds.map((inbound) => ({ inbound, policies: ordered(matched.forInbound(inbound)) }));
  const proxy = all.filter(({ spec }) => spec.default !== undefined);
  return {
    descriptor,
    to: hasTo && !isExclusive(subject.mesh) ? subsetRules(taggedEntries(all, 'to', toTags), { negated: false }) : [],
    toResources: hasTo ? destinationRules(all, subject) : [],
    toRoutes: hasTo ? routeRules(all, subject) : [],
    from: hasFrom
      ? perInbound
          .map(({ inbound, policies }) => ({ inbound, rules: subsetRules(taggedEntries(policies, 'from', fromTags), { negated: true }) }))
          .filter(({ rules }) => rules.length > 0)
      : [],
    inbounds:
      hasRules || fromAsRules
        ? perInbound
            .map(({ inbound, policies }) => ({ inbound, rules: policies.flatMap((policy) => inboundRules(policy, fromAsRules ?? false)) }))
            .filter(({ rules }) => rules.length > 0)
        : [],
    ...(proxy.length > 0
      ? {
          proxy: {
            conf: mergeRouteConfs(proxy.map(({ spec }) => spec.default ?? {})),
            origins: proxy.map((policy) => ({ policy: policy as unknown as Resource, index: 0 })),
          },
        }
      : {}),
  };
}

function taggedEntries(
  policies: readonly AnyPolicy[],
  field: 'to' | 'from',
  tagsOf: (ref: TargetRef) => Record<string, string> | undefined,
): TaggedConf[] {
  return policies.flatMap((policy) =>
    (policy.spec[field] ?? []).flatMap((entry, index): TaggedConf[] => {
      const tags = tagsOf(entry.targetRef ?? { kind: 'Mesh' });
      return tags === undefined ? [] : [{ tags, conf: confOf(entry), origin: { policy: policy as unknown as Resource, index } }];
    }),
  );
}

/** Tags of destinations a reference of `to` is for; undefined where it is for resources. */
function toTags(ref: TargetRef): Record<string, string> | undefined {
  if (ref.kind === 'Mesh') return {};
  if (ref.labels || ref.sectionName || ref.namespace) return undefined;
  if (ref.kind === 'MeshService' || ref.kind === 'MeshServiceSubset') return { ...ref.tags, [TAG_SERVICE]: ref.name ?? '' };
  return ref.kind === 'MeshSubset' ? { ...ref.tags } : undefined;
}

function fromTags(ref: TargetRef): Record<string, string> | undefined {
  return ref.kind === 'Mesh' ? {} : toTags(ref);
}

function inboundRules(policy: AnyPolicy, withFrom: boolean): InboundRule[] {
  const resource = policy as unknown as Resource;
  const from = withFrom ? (policy.spec.from ?? []) : [];
  return [
    ...from.map((entry, index) => ({ entry, index })),
    ...(policy.spec.rules ?? []).map((entry, index) => ({ entry, index })),
  ].flatMap(({ entry, index }): InboundRule[] => {
    const rule = { conf: confOf({ ...entry, matches: undefined }), origin: { policy: resource, index } };
    return entry.matches?.length ? entry.matches.map((match) => ({ ...rule, match })) : [rule];
  });
}
