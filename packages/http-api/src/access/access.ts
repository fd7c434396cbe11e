import { MeshError } from '@mesh/core';
import type { AccessList, AccessSection, StaticAccess } from '../options.js';
import { ANONYMOUS, describeIdentity, type Identity } from './identity.js';

/** One right of `access.static`. */
export type Right = keyof StaticAccess;

/** Whether a list names the caller or one of its groups. */
export function isAllowed(list: AccessList, identity: Identity): boolean {
  return list.users.includes(identity.name) || identity.groups.some((group) => list.groups.includes(group));
}

/** What `Access` is made of. */
export interface AccessOptions extends AccessSection {
  /** Kinds that hold secrets: reading them needs the right of admins, writing them too. */
  readonly adminKinds: ReadonlySet<string>;
}

/** Answers whether a caller has a right (contract/rest-api.md §1, Authorisation). */
export class Access {
  constructor(private readonly options: AccessOptions) {}

  has(right: Right, identity: Identity): boolean {
    return isAllowed(this.options.static[right], identity);
  }

  /** Throws `forbidden` where the caller lacks the right. @param what what it cannot do, after "cannot access". */
  require(right: Right, identity: Identity, what: string): void {
    if (this.has(right, identity)) return;
    throw new MeshError('forbidden', { public: `user "${describeIdentity(identity)}" cannot access ${what}` });
  }

  /** Throws `forbidden` where the caller may not write a kind; every write needs a credential (design.md §6) unless the operator said otherwise. */
  requireWrite(identity: Identity, kind: string): void {
    if (this.has('adminResources', identity) || this.mayWrite(identity, kind)) return;
    const list = this.options.adminKinds.has(kind) ? 'adminResources' : 'writeResources';
    const hint = `writes need the token of a user, or of a member of a group, in access.static.${list}`;
    throw new MeshError('forbidden', {
      public: `user "${describeIdentity(identity)}" cannot access the resource of type "${kind}"`,
      ...(identity === ANONYMOUS ? { hint } : {}),
    });
  }

  private mayWrite(identity: Identity, kind: string): boolean {
    if (this.options.adminKinds.has(kind)) return false;
    return this.options.anonymousWrites || this.has('writeResources', identity);
  }
}
