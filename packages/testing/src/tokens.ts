/** Claims of a token that tests ask for. */
export interface TokenClaims {
  /** The identifier that revocations name. */
  readonly jti: string;
  /** Seconds since the epoch. */
  readonly exp: number;
}

/** What a token (RFC 7519) says, unchecked. */
export function claimsOf(token: string): TokenClaims {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}
