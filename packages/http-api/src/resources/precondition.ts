import { MeshError, type Resource } from '@mesh/core';
import type { ApiRequest } from '../http/route.js';

/** `ETag` of a resource: its version, and when it was created, as another resource of the name starts over. */
export function etagOf({ meta }: Resource): string {
  return `"${meta.version}-${(Date.parse(meta.creationTime) || 0).toString(36)}"`;
}

/**
 * The version a write is meant for, from `If-Match` and `If-None-Match` (RFC 9110 §13.1); undefined
 * where the client does not mind. Who comes too late gets `conflict`, at whichever place it is noticed.
 */
export function expectedVersionOf({ preconditions }: ApiRequest, stored: Resource | undefined): number | undefined {
  const { ifMatch, ifNoneMatch } = preconditions;
  if (ifNoneMatch !== undefined) {
    if (stored && (ifNoneMatch.trim() === '*' || tagsOf(ifNoneMatch).includes(etagOf(stored)))) throw conflict('it exists already', stored);
    if (!stored) return 0;
  }
  if (ifMatch === undefined) return undefined;
  if (!stored) throw conflict('it does not exist');
  if (ifMatch.trim() !== '*' && !tagsOf(ifMatch).includes(etagOf(stored))) throw conflict('it was changed meanwhile', stored);
  return stored.meta.version;
}

function tagsOf(header: string): string[] {
  return header.split(',').map((tag) => tag.trim());
}

function conflict(reason: string, stored?: Resource): MeshError {
  const now = stored ? `, its ETag is ${etagOf(stored)}` : '';
  return new MeshError('conflict', { public: `the precondition of the write does not hold: ${reason}${now}` });
}
