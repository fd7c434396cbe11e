import type { ResourceView } from '@mesh/core';
import { secretContent } from '../secrets/drafts.js';
import type { TokenKind } from './signing-keys.js';

/** GlobalSecret with the IDs of revoked tokens, separated by commas. Of dataplane tokens too: a Secret of that name has no effect. */
export function revocationsName(kind: TokenKind): string {
  return kind.type === 'dataplane' ? `dataplane-token-revocations-${kind.mesh}` : `${kind.type}-token-revocations`;
}

/** Whether the token with this ID is revoked. */
export function isRevoked(view: ResourceView, kind: TokenKind, jti: string): boolean {
  const list = view.find('GlobalSecret', '', revocationsName(kind));
  if (!list) return false;
  const ids = secretContent(list).toString('utf8').split(',');
  return ids.some((id) => id.trim() === jti);
}
