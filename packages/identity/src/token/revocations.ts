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

/** After the end of a token by our clock, for clocks that are behind. */
const EXPIRED_AFTER_MS = 3_600_000;
const LIST_NAME = /^(user|zone)-token-revocations$|^dataplane-token-revocations-/;
const END = /^exp=(\d{1,15})$/;

/** Whether a GlobalSecret of this name is a list of revoked tokens. */
export function isRevocationList(name: string): boolean {
  return LIST_NAME.test(name);
}

/**
 * What is left of a list of revoked tokens once those that expired are gone. An ID is followed by `exp=` and the claim `exp` of its
 * token, as another entry, which Kuma takes for an ID that nobody has; one without is kept for ever.
 * @param now milliseconds since the epoch
 */
export function withoutExpired(list: string, now: number): string {
  const kept: string[] = [];
  for (const entry of list.split(',').map((text) => text.trim())) {
    const end = END.exec(entry)?.[1];
    if (end !== undefined && Number(end) * 1000 + EXPIRED_AFTER_MS < now) kept.pop();
    else if (entry !== '') kept.push(entry);
  }
  return kept.join(',');
}

/** Whether a resource is one that decides which tokens are good: a signing key, its public half, or a list of revoked tokens. */
export function concernsTokens({ kind, name }: ResourceKey): boolean {
  return (kind === 'GlobalSecret' || kind === 'Secret') && name.includes('-token-');
}
