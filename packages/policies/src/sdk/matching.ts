import {
  displayNameOf,
  LABEL_EFFECT,
  LABEL_K8S_NAMESPACE,
  LABEL_ZONE,
  ORIGIN_ZONE,
  originOf,
  type Resource,
  TAG_SERVICE,
  type TargetRef,
} from '@mesh/core';
import type { Tags } from '@mesh/resources';
import type { InboundInterface, MeshContext, OutboundKey, SidecarProxy } from '@mesh/xds';
import { containsTags } from '@mesh/xds/model';
import { comparePriority, roleOf, type TargetRefSpec, WHOLE_MESH } from './priority.js';

/** Policies of one kind that concern a proxy, weakest first. */
export interface MatchedPolicies<Spec> {
  /** Those that concern the proxy at all: their `to` holds for all its outbounds. */
  readonly all: readonly Resource<Spec>[];
  /** Those that concern an inbound. */
  forInbound(inbound: InboundInterface): readonly Resource<Spec>[];
  /** Equal, towards a service, where those of `all` that may concern it are the same policies with the same content. */
  readonly key: OutboundKey;
  /** Equal where those of `all` that may concern inbounds are the same policies with the same content, for the same inbounds. */
  readonly inboundKey: string;
}

/** One for all proxies and kinds: most proxies have no policy of most kinds. */
const NOTHING: MatchedPolicies<never> = {
  all: [],
  key: { general: '', byService: new Map() },
  inboundKey: '',
  forInbound: () => [],
};

/** Inbounds a policy chooses: all, or those listed by section. */
type Choice = 'all' | ReadonlySet<string>;

/** Where policies come from: a mesh context, or anything that can do as much. */
export type PolicySource = Pick<MeshContext, 'policies' | 'memo' | 'idOf'>;

/** Chooses the policies of a kind for a proxy (contract/policies.md §2.2). */
export function matchPolicies<Spec extends TargetRefSpec>(context: PolicySource, proxy: SidecarProxy, kind: string): MatchedPolicies<Spec> {
  const sorted = context.memo(`policies-by-priority/${kind}`, () =>
    context
      .policies<Spec>(kind)
      .filter((policy) => policy.meta.labels[LABEL_EFFECT] !== 'shadow')
      .sort(comparePriority),
  );
  const chosen = new Map<Resource<Spec>, Choice>();
  for (const policy of sorted) {
    if (!concernsZone(policy, proxy) || !concernsNamespace(policy, proxy)) continue;
    const choice = chooseInbounds(policy, proxy);
    if (choice !== undefined) chosen.set(policy, choice);
  }
  if (chosen.size === 0) return NOTHING;
  const all = [...chosen.keys()];
  return {
    all,
    key: keyOf(all, context),
    inboundKey: [...chosen]
      .flatMap(([policy, choice]) => (isForInbounds(policy) ? `${context.idOf(policy)}:${textOf(choice)}` : []))
      .join(),
    forInbound: (inbound) => all.filter((policy) => includes(chosen.get(policy), inbound)),
  };
}

/** Policies whose `to` is about services by name concern the outbounds to them alone. */
function keyOf(policies: readonly Resource<unknown>[], context: Pick<MeshContext, 'idOf'>): OutboundKey {
  const byService = new Map<string, string>();
  let general = policies.length > 0 ? '+' : '';
  for (const policy of policies) {
    const id = `${context.idOf(policy)},`;
    const services = servicesOf(policy);
    if (!services) general += id;
    else for (const service of services) byService.set(service, `${byService.get(service) ?? ''}${id}`);
  }
  return { general, byService };
}

/** What has only `to` says nothing about inbounds. */
function isForInbounds({ spec }: Resource<unknown>): boolean {
  const { from, rules } = spec as { readonly from?: readonly unknown[]; readonly rules?: readonly unknown[] };
  return (from?.length ?? 0) + (rules?.length ?? 0) > 0;
}

/** The services that a policy is about; undefined where it may concern others too. */
function servicesOf({ spec }: Resource<unknown>): ReadonlySet<string> | undefined {
  const { to } = spec as { readonly to?: readonly { readonly targetRef: TargetRef }[] };
  if (!Array.isArray(to) || to.length === 0) return undefined;
  const services = new Set<string>();
  for (const { targetRef } of to as readonly { readonly targetRef: TargetRef }[]) {
    if (targetRef?.kind !== 'MeshService' || targetRef.name === undefined) return undefined;
    services.add(targetRef.name);
  }
  return services;
}

function textOf(choice: Choice): string {
  return choice === 'all' ? '' : JSON.stringify([...choice].sort());
}

function includes(choice: Choice | undefined, inbound: InboundInterface): boolean {
  return choice === 'all' || (choice?.has(inbound.section) ?? false);
}

/** A policy made in a zone is for the proxies of that zone, unless it speaks for a producer. */
function concernsZone(policy: Resource<unknown>, proxy: SidecarProxy): boolean {
  if (originOf(policy) !== ORIGIN_ZONE || roleOf(policy) === 'producer') return true;
  const zone = policy.meta.labels[LABEL_ZONE];
  return zone === undefined || zone === proxy.zone;
}

function concernsNamespace(policy: Resource<unknown>, proxy: SidecarProxy): boolean {
  const role = roleOf(policy);
  if (role !== 'consumer' && role !== 'workload-owner') return true;
  return policy.meta.labels[LABEL_K8S_NAMESPACE] === proxy.dataplane.meta.labels[LABEL_K8S_NAMESPACE];
}

function chooseInbounds(policy: Resource<TargetRefSpec>, proxy: SidecarProxy): Choice | undefined {
  const ref = policy.spec.targetRef ?? WHOLE_MESH;
  switch (ref.kind) {
    case 'Mesh':
      return hasProxyType(ref, proxy) ? 'all' : undefined;
    case 'MeshSubset':
      return hasProxyType(ref, proxy) ? byTags(ref.tags ?? {}, proxy) : undefined;
    case 'MeshService':
    case 'MeshServiceSubset':
      return byTags({ ...ref.tags, [TAG_SERVICE]: ref.name ?? '' }, proxy);
    case 'Dataplane':
      return byDataplane(ref, policy, proxy);
    default:
      return undefined;
  }
}

function hasProxyType(ref: TargetRef, proxy: SidecarProxy): boolean {
  return ref.proxyTypes === undefined || ref.proxyTypes.includes(proxy.isGateway ? 'Gateway' : 'Sidecar');
}

function byTags(tags: Tags, proxy: SidecarProxy): Choice | undefined {
  const gatewayTags = proxy.dataplane.spec.networking?.gateway?.tags;
  if (gatewayTags && containsTags(gatewayTags, tags)) return 'all';
  const sections = proxy.inbounds.filter((inbound) => containsTags(inbound.tags, tags)).map((inbound) => inbound.section);
  return sections.length > 0 ? new Set(sections) : undefined;
}

function byDataplane(ref: TargetRef, policy: Resource<unknown>, proxy: SidecarProxy): Choice | undefined {
  const { dataplane } = proxy;
  if (proxy.isExternal) return undefined;
  if (dataplane.spec.networking?.gateway?.type === 'BUILTIN') return undefined;
  if (ref.name && !isNamed(ref, policy, proxy)) return undefined;
  if (ref.labels && !containsTags(dataplane.meta.labels, ref.labels)) return undefined;
  if (!ref.sectionName) return 'all';
  const chosen = proxy.inbounds.filter((inbound) => inbound.section === ref.sectionName || String(inbound.port) === ref.sectionName);
  return chosen.length > 0 ? new Set(chosen.map((inbound) => inbound.section)) : undefined;
}

function isNamed(ref: TargetRef, policy: Resource<unknown>, { dataplane }: SidecarProxy): boolean {
  if (displayNameOf(dataplane) !== ref.name && dataplane.meta.name !== ref.name) return false;
  const namespace = ref.namespace ?? policy.meta.labels[LABEL_K8S_NAMESPACE];
  return namespace === undefined || namespace === dataplane.meta.labels[LABEL_K8S_NAMESPACE];
}
