import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { kriOf, type Resource } from '@mesh/core';
import { RBAC_Action, type RBACSchema as RulesSchema } from '@mesh/proto/envoy/config/rbac/v3/rbac_pb.js';
import { RBACSchema as HttpRbacSchema } from '@mesh/proto/envoy/extensions/filters/http/rbac/v3/rbac_pb.js';
import { RBACSchema as NetworkRbacSchema } from '@mesh/proto/envoy/extensions/filters/network/rbac/v3/rbac_pb.js';
import { type Authorization, HTTP_RBAC, type NamedConfig, NETWORK_RBAC, named, sanitizeStat } from '@mesh/xds';
import { anyone, callerWithId, permissionFor } from '../sdk/principals.js';
import { type CallerRule, callersWith } from './callers.js';
import type { MeshTrafficPermissionSpec, PermissionMatch } from './schema.js';

export interface FilterPlace {
  readonly mesh: string;
  readonly listener: string;
  readonly http: boolean;
}

type Rules = MessageInitShape<typeof RulesSchema>;

interface RbacFilter {
  readonly rules: Rules;
  readonly shadowRules?: Rules;
}

const POLICY_NAME = 'MeshTrafficPermission';

/** Filters for permissions given by `from` (contract/policies.md §2.10). */
export function filtersFromCallers(rules: readonly CallerRule[], place: FilterPlace): Authorization {
  const admitted = callersWith(place.mesh, rules, ['Allow', 'AllowWithShadowDeny']);
  const shadowed = callersWith(place.mesh, rules, ['AllowWithShadowDeny']);
  const policies = (principals: ReturnType<typeof callersWith>): Rules['policies'] =>
    principals.length === 0 ? {} : { [POLICY_NAME]: { permissions: [permissionFor()], principals } };
  return authorization(place, [
    {
      rules: { policies: policies(admitted) },
      ...(shadowed.length > 0 ? { shadowRules: { action: RBAC_Action.DENY, policies: policies(shadowed) } } : {}),
    },
  ]);
}

/**
 * Filters for permissions given by `rules`: first one that stops whoever is denied, then one that
 * admits who is allowed. Ids are compared with every URI of the certificate.
 */
export function filtersFromRules(policies: readonly Resource<MeshTrafficPermissionSpec>[], place: FilterPlace): Authorization {
  const deny = entriesOf(policies, 'deny');
  const shadow = entriesOf(policies, 'allowWithShadowDeny');
  const allow = { ...entriesOf(policies, 'allow'), ...shadow };
  const filters: RbacFilter[] = [];
  if (Object.keys(deny).length > 0) filters.push({ rules: { action: RBAC_Action.DENY, policies: deny } });
  const shadowRules = Object.keys(shadow).length > 0 ? { shadowRules: { action: RBAC_Action.DENY, policies: shadow } } : {};
  filters.push({ rules: { policies: allow }, ...shadowRules });
  return authorization(place, filters);
}

/** True where a rule looks at the server name, which has to be read from the TLS hello. */
export function usesSni(policies: readonly Resource<MeshTrafficPermissionSpec>[]): boolean {
  return policies.some(({ spec }) =>
    spec.rules?.some(({ default: lists }) =>
      [lists.deny, lists.allow, lists.allowWithShadowDeny].some((list) => list?.some((match) => match.sni)),
    ),
  );
}

type List = 'deny' | 'allow' | 'allowWithShadowDeny';

/** One entry per match, named after the policy, the list and the place in it. */
function entriesOf(policies: readonly Resource<MeshTrafficPermissionSpec>[], list: List): NonNullable<Rules['policies']> {
  const entries: NonNullable<Rules['policies']> = {};
  for (const policy of policies) {
    const matches = (policy.spec.rules ?? []).flatMap((rule) => rule.default[list] ?? []);
    for (const [i, match] of matches.entries()) entries[`${kriOf('mtp', policy)}/${list}/${i}`] = entryOf(match);
  }
  return entries;
}

function entryOf({ spiffeID, sni }: PermissionMatch) {
  const principal = spiffeID ? callerWithId(spiffeID.type === 'Exact' ? 'exact' : 'prefix', spiffeID.value) : anyone();
  return { permissions: [permissionFor(sni?.value)], principals: [principal] };
}

function authorization(place: FilterPlace, filters: readonly RbacFilter[]): Authorization {
  const named = filters.map((filter) => namedFilter(place, filter));
  return place.http ? { networkFilters: [], httpFilters: named } : { networkFilters: named, httpFilters: [] };
}

function namedFilter(place: FilterPlace, filter: RbacFilter): NamedConfig {
  if (place.http) return named(HTTP_RBAC, HttpRbacSchema, create(HttpRbacSchema, filter));
  const statPrefix = `${sanitizeStat(place.listener)}.`;
  return named(NETWORK_RBAC, NetworkRbacSchema, create(NetworkRbacSchema, { ...filter, statPrefix }));
}
