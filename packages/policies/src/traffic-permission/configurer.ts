import { create } from '@bufbuild/protobuf';
import type { Resource } from '@mesh/core';
import { RBACSchema } from '@mesh/proto/envoy/extensions/filters/network/rbac/v3/rbac_pb.js';
import { type Authorization, NETWORK_RBAC, named, sanitizeStat } from '@mesh/xds';
import { callerWithTags, permissionFor } from '../sdk/principals.js';
import type { TrafficPermissionSpec } from './schema.js';

export interface PermissionOptions {
  readonly mesh: string;
  readonly listener: string;
}

/** The network filter that admits the sources of a permission; without one it admits nobody (contract/policies.md §1.2). */
export function permissionFilter(permission: Resource<TrafficPermissionSpec> | undefined, options: PermissionOptions): Authorization {
  const policies = permission
    ? {
        [permission.meta.name]: {
          permissions: [permissionFor()],
          principals: (permission.spec.sources ?? []).map((source) => callerWithTags(options.mesh, source.match ?? {})),
        },
      }
    : {};
  const filter = create(RBACSchema, { rules: { policies }, statPrefix: `${sanitizeStat(options.listener)}.` });
  return { networkFilters: [named(NETWORK_RBAC, RBACSchema, filter)], httpFilters: [] };
}
