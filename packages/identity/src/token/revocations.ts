import type { ResourceKey, ResourceView } from '@mesh/core';
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

/** Whether a resource is one that decides which tokens are good: a signing key, its public half, or a list of revoked tokens. */
export function concernsTokens({ kind, name }: ResourceKey): boolean {
  return (kind === 'GlobalSecret' || kind === 'Secret') && name.includes('-token-');
}
