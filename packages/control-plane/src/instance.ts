import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { CONTROL_PLANE_USER } from '@mesh/identity';

/** Identity of one running process: `<hostname>-<4 hex>` (contract/kds.md §5). */
export interface Instance {
  readonly id: string;
  readonly hostname: string;
}

/** A new identity for this process. */
export function newInstance(): Instance {
  const host = hostname();
  return { id: `${host}-${randomBytes(2).toString('hex')}`, hostname: host };
}

/** Who the control plane is in the change log. */
export const CONTROL_PLANE_AUTHOR = { name: CONTROL_PLANE_USER } as const;
