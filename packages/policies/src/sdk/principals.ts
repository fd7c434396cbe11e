import { create } from '@bufbuild/protobuf';
import { TAG_SERVICE } from '@mesh/core';
import { type Permission, PermissionSchema, type Principal, PrincipalSchema } from '@mesh/proto/envoy/config/rbac/v3/rbac_pb.js';
import type { Tags } from '@mesh/resources';
import { spiffeId } from '@mesh/xds';

/** Any caller. */
export function anyone(): Principal {
  return create(PrincipalSchema, { identifier: { case: 'any', value: true } });
}

/** A caller whose certificate carries all these tags (contract/dataplane.md §3.3); `*` asks for nothing. */
export function callerWithTags(mesh: string, tags: Tags): Principal {
  const ids = Object.keys(tags)
    .sort()
    .filter((key) => tags[key] !== '*')
    .map((key) => callerWithId('exact', key === TAG_SERVICE ? spiffeId(mesh, tags[key] ?? '') : `kuma://${key}/${tags[key]}`));
  return allOf(ids);
}

/** A caller one of whose certificate's URIs is, or begins with, the text. */
export function callerWithId(type: 'exact' | 'prefix', value: string): Principal {
  return create(PrincipalSchema, {
    identifier: { case: 'authenticated', value: { principalName: { matchPattern: { case: type, value } } } },
  });
}

/** A caller that is all of these; nothing asked is anyone. */
export function allOf(principals: readonly Principal[]): Principal {
  const [first] = principals;
  if (!first) return anyone();
  if (principals.length === 1) return first;
  return create(PrincipalSchema, { identifier: { case: 'andIds', value: { ids: [...principals] } } });
}

/** A caller that is not this. */
export function noneOf(principal: Principal): Principal {
  return create(PrincipalSchema, { identifier: { case: 'notId', value: principal } });
}

/** Any request, or only those to one SNI. */
export function permissionFor(sni?: string): Permission {
  if (sni === undefined) return create(PermissionSchema, { rule: { case: 'any', value: true } });
  return create(PermissionSchema, { rule: { case: 'requestedServerName', value: { matchPattern: { case: 'exact', value: sni } } } });
}
