import { type Resource, TAG_ZONE } from '@mesh/core';
import type { DataplaneInbound, DataplaneSpec, MeshSpec, ZoneEgressSpec, ZoneIngressSpec } from '../specs/index.js';
import type { ControlPlaneFacts } from './facts.js';

export interface ZoneSpecContext {
  readonly facts: ControlPlaneFacts;
  /** Mesh of a mesh-scoped resource. */
  readonly mesh: Resource<MeshSpec> | undefined;
  readonly isNew: boolean;
}

/**
 * The spec as a zone stores it: proxies carry the zone, in the tag `kuma.io/zone` or in the
 * field `zone`; an inbound with a probe starts unready (contract/rest-api.md §2.2).
 */
export function withZone(kind: string, spec: unknown, context: ZoneSpecContext): unknown {
  if (context.facts.mode !== 'zone' || context.facts.zone === '') return spec;
  if (kind === 'Dataplane') return dataplaneWithZone(spec as DataplaneSpec, context);
  if (kind === 'ZoneIngress' || kind === 'ZoneEgress')
    return { zone: context.facts.zone, ...without(spec as ZoneIngressSpec | ZoneEgressSpec) };
  return spec;
}

function without<Spec extends { readonly zone?: string }>({ zone: _, ...rest }: Spec): Omit<Spec, 'zone'> {
  return rest;
}

function dataplaneWithZone(spec: DataplaneSpec, context: ZoneSpecContext): DataplaneSpec {
  const { networking } = spec;
  if (!networking) return spec;
  const zone = context.facts.zone;
  const { gateway, inbound } = networking;
  return {
    ...spec,
    networking: {
      ...networking,
      ...(gateway ? { gateway: { ...gateway, tags: { ...gateway.tags, [TAG_ZONE]: zone } } } : {}),
      ...(inbound ? { inbound: inbound.map((each) => inboundWithZone(each, context)) } : {}),
    },
  };
}

function inboundWithZone(inbound: DataplaneInbound, { facts, mesh, isNew }: ZoneSpecContext): DataplaneInbound {
  const tagless = Object.keys(inbound.tags ?? {}).length === 0;
  const skip = tagless && mesh?.spec.meshServices?.mode === 'Exclusive';
  const tagged = skip ? inbound : { ...inbound, tags: { ...inbound.tags, [TAG_ZONE]: facts.zone } };
  return isNew && inbound.serviceProbe ? { ...tagged, state: 'NotReady', health: {} } : tagged;
}
