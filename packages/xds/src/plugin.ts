import type { Resource, ResourceDescriptor } from '@mesh/core';
import type { Route } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import type { DataplaneSpec, Tags } from '@mesh/resources';
import type { ClusterModel } from './build/cluster.js';
import type { ChainModel, ListenerModel } from './build/listener.js';
import type { InboundInterface } from './context/inbounds.js';
import type { MeshContext } from './context/mesh-context.js';
import type { Protocol } from './model/protocols.js';
import type { OutboundRoutes } from './model/routes.js';

/** A sidecar, as policies see it when they decide whether they concern it. */
export interface SidecarProxy {
  readonly dataplane: Resource<DataplaneSpec>;
  readonly zone: string;
  readonly inbounds: readonly InboundInterface[];
  /** A delegated or builtin gateway. */
  readonly isGateway: boolean;
  /** Stands for an ExternalService on a zone egress: its one inbound has the tags of the service. */
  readonly isExternal?: boolean;
}

/** A key, or one for all services with additions for those that some policies are about. */
export type OutboundKey = string | { readonly general: string; readonly byService: ReadonlyMap<string, string> };

/** What of a kind matters to one proxy. */
export interface Matched {
  /**
   * Says all that the effect on outbounds and clusters towards a service depends on, apart from what is read from the
   * mesh context meanwhile: proxies with equal keys share what is built for an outbound, now and later.
   * Name the matched policies by the `idOf` of the context.
   */
  readonly outboundKey: OutboundKey;
  /**
   * Says all that the effect on an inbound depends on, apart from the inbound itself and what is read from the mesh context
   * meanwhile: proxies with equal keys share what is built for inbounds that differ in their address alone, now and later.
   * Absent: they share nothing, and whenever something else matched, inbounds are made anew.
   */
  readonly inboundKey?: string;
}

/** An outbound that wants routes. */
export interface RouteQuery {
  readonly context: MeshContext;
  /** Tags of the outbound; `kuma.io/service` is the destination. */
  readonly tags: Tags;
  readonly service: string;
  /** What all endpoints of the service speak. */
  readonly protocol: Protocol;
}

/**
 * Answer of a route policy: its routes; `implicit` where no rule concerns this outbound, but the
 * policy owns the outbounds of the proxy; undefined where it has nothing to say.
 */
export type RouteAnswer = (OutboundRoutes & { readonly legacy?: boolean }) | 'implicit' | undefined;

export interface InboundTarget {
  readonly context: MeshContext;
  readonly proxy: SidecarProxy;
  readonly inbound: InboundInterface;
  readonly listener: ListenerModel;
  readonly cluster: ClusterModel;
}

/** An external service on a zone egress, in front of which callers are authenticated. */
export interface ExternalServiceTarget {
  readonly context: MeshContext;
  readonly inbound: InboundInterface;
  /** Name of the listener of the egress. */
  readonly listener: string;
  readonly chain: ChainModel;
}

export interface OutboundTarget {
  readonly context: MeshContext;
  readonly service: string;
  readonly protocol: Protocol;
  readonly listener: ListenerModel;
  /** The policies that routes of the listener were made from. */
  readonly routeOrigins: ReadonlyMap<Route, readonly Resource<unknown>[]>;
}

export interface ClusterTarget {
  readonly context: MeshContext;
  /** Service the cluster leads to. */
  readonly service: string;
  readonly cluster: ClusterModel;
}

/**
 * What a policy does to proxies. Plugins run in the order of their descriptors; they edit the
 * models they are handed and keep no state. Plugins of kinds that nobody created a policy of run
 * too: defaults come from there.
 */
export interface PolicyPlugin<M extends Matched = Matched> {
  /** Chooses the policies for a proxy. Called once per proxy and build. */
  match(context: MeshContext, proxy: SidecarProxy): M;
  /** Routes of an outbound. The first answer in order of plugins wins; a `legacy` one yields to an earlier `implicit`. */
  routes?(matched: M, query: RouteQuery): RouteAnswer;
  configureInbound?(matched: M, target: InboundTarget): void;
  configureExternal?(matched: M, target: ExternalServiceTarget): void;
  configureOutbound?(matched: M, target: OutboundTarget): void;
  configureCluster?(matched: M, target: ClusterTarget): void;
  /** Whether what no outbound is for may leave the proxy; undefined leaves it to earlier plugins, or to the mesh. */
  passthrough?(matched: M): boolean | undefined;
  /** Subsets of services the policies of a mesh send traffic to: a zone ingress needs an SNI for each. The service may be `*`. */
  destinations?(context: MeshContext): readonly Tags[];
}

/** A kind that changes proxies: everything the system knows of it, and its effect. */
export type PolicyDescriptor<Spec = unknown> = ResourceDescriptor<Spec> & {
  /** Place in the order of application, in steps of 100; unique. */
  readonly order: number;
  readonly plugin?: PolicyPlugin;
};

/** A policy descriptor whose spec type is not known, as lists hold them. */
// biome-ignore lint/suspicious/noExplicitAny: lists hold descriptors of many spec types
export type AnyPolicyDescriptor = PolicyDescriptor<any>;

/** Fixes the types of a policy descriptor: the spec from its schema, the match from its plugin. */
export function definePolicy<Spec, M extends Matched = Matched>(
  descriptor: ResourceDescriptor<Spec> & { readonly order: number; readonly plugin?: PolicyPlugin<M> },
): PolicyDescriptor<Spec> {
  return descriptor as PolicyDescriptor<Spec>;
}

/** Policies in order of application; throws where two claim the same place. */
export function orderPolicies(policies: readonly AnyPolicyDescriptor[]): readonly AnyPolicyDescriptor[] {
  const sorted = [...policies].sort((a, b) => a.order - b.order);
  sorted.forEach((policy, i) => {
    if (sorted[i + 1]?.order === policy.order)
      throw new Error(`${policy.kind} and ${sorted[i + 1]?.kind} have the same order ${policy.order}`);
  });
  return sorted;
}
