import { displayNameOf, LABEL_K8S_NAMESPACE, type Resource, type TargetRef } from '@mesh/core';
import { containsTags } from '@mesh/xds/model';
import { mergeConfs } from './merge.js';
import { namesResource } from './no-effect.js';

/** An entry of `to` or `from`. */
export interface TargetedConf<Conf> {
  readonly targetRef: TargetRef;
  readonly default: Conf;
}

/** A policy with `to`. */
export interface ToSpec<Conf> {
  readonly to?: readonly TargetedConf<Conf>[] | undefined;
}

/**
 * The conf for traffic to a legacy service, or undefined where no entry concerns it: entries for
 * the whole mesh and for the service, laid over each other in order of priority (contract/policies.md §2.5).
 */
export function confToService<Conf extends object>(policies: readonly Resource<ToSpec<Conf>>[], service: string): Conf | undefined {
  const confs: Conf[] = [];
  for (const policy of policies) {
    for (const entry of policy.spec.to ?? []) if (concernsService(entry.targetRef, service)) confs.push(entry.default);
  }
  return mergeConfs(confs);
}

/** True where an entry of `to` is for a service of that name, or for all. A reference to a MeshService resource is for neither. */
export function concernsService(ref: TargetRef, service: string): boolean {
  return ref.kind === 'Mesh' || (ref.kind === 'MeshService' && ref.name === service && !namesResource(ref));
}

/** The conf for a route made from some policies, or undefined where no entry concerns it. */
export function confToRoute<Conf extends object>(
  policies: readonly Resource<ToSpec<Conf>>[],
  origins: readonly Resource<unknown>[],
): Conf | undefined {
  const entries = policies
    .flatMap(({ spec }) => spec.to ?? [])
    .filter(({ targetRef }) => origins.some((origin) => refersToRoute(targetRef, origin)));
  return mergeConfs(entries.map((entry) => entry.default));
}

function refersToRoute(ref: TargetRef, route: Resource<unknown>): boolean {
  if (ref.kind !== 'MeshHTTPRoute') return false;
  if (ref.labels) return containsTags(route.meta.labels, ref.labels);
  const named = ref.name === route.meta.name || ref.name === displayNameOf(route);
  return named && (ref.namespace === undefined || ref.namespace === route.meta.labels[LABEL_K8S_NAMESPACE]);
}

/** Which callers an inbound rule is for; all given parts must hold. */
export interface RuleMatch {
  readonly spiffeID?: { readonly type: 'Exact' | 'Prefix'; readonly value: string } | undefined;
  readonly sni?: { readonly type: 'Exact'; readonly value: string } | undefined;
}

/** A policy with `rules`, or with a `from` that is read as rules. */
export interface InboundSpec<Conf> {
  readonly from?: readonly TargetedConf<Conf>[] | undefined;
  readonly rules?: readonly { readonly matches?: readonly RuleMatch[] | undefined; readonly default: Conf }[] | undefined;
}

export interface InboundRules<Conf> {
  /** For callers that no match concerns; undefined where no rule is for all. */
  readonly catchAll: Conf | undefined;
  /** Most specific first. */
  readonly matched: readonly { readonly match: RuleMatch; readonly conf: Conf }[];
}

/** Rules of an inbound from the policies that concern it, weakest first (contract/policies.md §2.7). */
export function inboundRules<Conf extends object>(policies: readonly Resource<InboundSpec<Conf>>[]): InboundRules<Conf> {
  const catchAll: Conf[] = [];
  const matched: { match: RuleMatch; conf: Conf }[] = [];
  for (const { spec } of policies) {
    for (const entry of spec.from ?? []) catchAll.push(entry.default);
    for (const rule of spec.rules ?? []) {
      if (!rule.matches || rule.matches.length === 0) catchAll.push(rule.default);
      for (const match of rule.matches ?? []) matched.push({ match, conf: rule.default });
    }
  }
  return { catchAll: mergeConfs(catchAll), matched: matched.sort((a, b) => specificity(b.match) - specificity(a.match)) };
}

function specificity({ spiffeID, sni }: RuleMatch): number {
  return (spiffeID ? (spiffeID.type === 'Exact' ? 4 : 2) : 0) + (sni ? 1 : 0);
}
