import { MeshError } from '@mesh/core';
import type { AccessList, StaticAccess } from '../options.js';
import { ANONYMOUS, describeIdentity, type Identity } from './identity.js';

/** One right of `access.static`. */
export type Right = keyof StaticAccess;

/** Whether a list names the caller or one of its groups. */
export function isAllowed(list: AccessList, identity: Identity): boolean {
  return list.users.includes(identity.name) || identity.groups.some((group) => list.groups.includes(group));
}

/** Answers whether a caller has a right (contract/rest-api.md §1, Authorisation). */
export class Access {
  constructor(private readonly lists: StaticAccess) {}

  has(right: Right, identity: Identity): boolean {
    return isAllowed(this.lists[right], identity);
  }

  /** Throws `forbidden` where the caller lacks the right. @param what what it cannot do, after "cannot access". */
  require(right: Right, identity: Identity, what: string): void {
    if (this.has(right, identity)) return;
    throw new MeshError('forbidden', { public: `user "${describeIdentity(identity)}" cannot access ${what}` });
  }

  /** Throws `forbidden` where the caller may not write; every write needs a credential (design.md §6). */
  requireWrite(identity: Identity, kind: string): void {
    if (this.has('adminResources', identity)) return;
    const hint = 'writes need the token of a user who is named in access.static.adminResources';
    throw new MeshError('forbidden', {
      public: `user "${describeIdentity(identity)}" cannot access the resource of type "${kind}"`,
      ...(identity === ANONYMOUS ? { hint } : {}),
    });
  }
}
