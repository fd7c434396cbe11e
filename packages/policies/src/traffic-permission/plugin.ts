import type { Resource } from '@mesh/core';
import type { InboundInterface, Matched, PolicyPlugin } from '@mesh/xds';
import { bestRank, type Rank, winnerOf } from '../sdk/selectors.js';
import { permissionFilter } from './configurer.js';
import type { TrafficPermissionSpec } from './schema.js';

interface MatchedTrafficPermissions extends Matched {
  /** The mesh has permissions at all; without any, chains keep the deny-all of their own. */
  readonly inForce: boolean;
  winner(inbound: InboundInterface): Resource<TrafficPermissionSpec> | undefined;
}

/** Effect in Envoy: a network RBAC filter in front of every inbound that authenticates callers. */
export const trafficPermissionPlugin: PolicyPlugin<MatchedTrafficPermissions> = {
  match(context) {
    const permissions = context.policies<TrafficPermissionSpec>('TrafficPermission');
    const inboundKey = permissions.map((permission) => context.idOf(permission)).join();
    return { inForce: permissions.length > 0, outboundKey: '', inboundKey, winner: (inbound) => winnerFor(permissions, inbound) };
  },

  configureInbound(matched, { context, inbound, listener }) {
    if (!matched.inForce) return;
    for (const chain of listener.chains) {
      if (!chain.authenticated) continue;
      chain.authorization = permissionFilter(matched.winner(inbound), { mesh: context.name, listener: listener.name });
    }
  },

  configureExternal(matched, { context, inbound, listener, chain }) {
    if (matched.inForce) chain.authorization = permissionFilter(matched.winner(inbound), { mesh: context.name, listener });
  },
};

/** One permission per inbound: the one whose destination fits best, the newer of equals. */
function winnerFor(
  permissions: readonly Resource<TrafficPermissionSpec>[],
  inbound: InboundInterface,
): Resource<TrafficPermissionSpec> | undefined {
  const ranked: { policy: Resource<TrafficPermissionSpec>; rank: Rank }[] = [];
  for (const policy of permissions) {
    const rank = bestRank(policy.spec.destinations, [inbound.tags]);
    if (rank) ranked.push({ policy, rank });
  }
  return winnerOf(ranked);
}
