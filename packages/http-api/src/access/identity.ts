/** Who calls. */
export interface Identity {
  readonly name: string;
  readonly groups: readonly string[];
}

export const GROUP_AUTHENTICATED = 'mesh-system:authenticated';

/** A caller who is trusted with everything by default. */
export const ADMIN: Identity = { name: 'mesh-system:admin', groups: ['mesh-system:admin', GROUP_AUTHENTICATED] };

/** A caller who said nothing about itself. */
export const ANONYMOUS: Identity = { name: 'mesh-system:anonymous', groups: ['mesh-system:unauthenticated'] };

/** `name/group,group`, as Kuma names callers in errors. */
export function describeIdentity(identity: Identity): string {
  return `${identity.name}/${identity.groups.join(',')}`;
}
