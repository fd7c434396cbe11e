import { type DescriptorRegistry, LABEL_ENV, LABEL_MESH, LABEL_ORIGIN, LABEL_ZONE, ORIGIN_ZONE } from '@mesh/core';
import { defaultPoliciesForMesh } from '@mesh/policies/kinds';
import type { ControlPlaneFacts, MeshHook } from '@mesh/resources';

export interface MeshPoliciesOptions {
  readonly registry: DescriptorRegistry;
  readonly facts: Pick<ControlPlaneFacts, 'mode' | 'zone' | 'environment'>;
  /** KUMA_DEFAULTS_CREATE_MESH_ROUTING_RESOURCES. */
  readonly createRoutingResources: boolean;
}

/** Adds the default policies to a Mesh that is created (contract/kds.md §7), labelled with the control plane that makes them. */
export function meshPoliciesHook({ registry, facts, createRoutingResources }: MeshPoliciesOptions): MeshHook {
  const ofZone: Readonly<Record<string, string>> =
    facts.mode === 'zone' ? { [LABEL_ORIGIN]: ORIGIN_ZONE, [LABEL_ZONE]: facts.zone, [LABEL_ENV]: facts.environment } : {};
  return async ({ name: mesh, spec, before }) => {
    if (before) return [];
    return defaultPoliciesForMesh(mesh, spec, { routingResources: createRoutingResources }).flatMap((draft) => {
      const descriptor = registry.get(draft.kind);
      if (!descriptor) return [];
      // Routing resources come from the global alone; zones do not own their kinds.
      const labels = { [LABEL_MESH]: mesh, ...(descriptor.kds.zoneToGlobal ? ofZone : {}) };
      return [{ op: 'upsert', draft: { ...draft, labels } }];
    });
  };
}
