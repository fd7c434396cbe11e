/** Facts of a request that CORS looks at. */
export interface CrossOriginRequest {
  readonly method: string;
  readonly origin: string | undefined;
  /** `Access-Control-Request-Method` of a preflight. */
  readonly requestedMethod: string | undefined;
  /** `Access-Control-Request-Headers` of a preflight. */
  readonly requestedHeaders: string | undefined;
}

/** Whether a list of `apiServer.corsAllowedDomains` admits an origin: equality without case, or the literal `.*`. */
export function isOriginAllowed(allowed: readonly string[], origin: string): boolean {
  return allowed.some((domain) => domain === '.*' || domain.toLowerCase() === origin.toLowerCase());
}

/** Headers every answer to an allowed origin gets; none otherwise (contract/rest-api.md §1, CORS). */
export function corsHeaders(allowed: readonly string[], request: CrossOriginRequest): Readonly<Record<string, string>> {
  const { origin } = request;
  if (origin === undefined || allowed.length === 0 || !isOriginAllowed(allowed, origin) || request.requestedHeaders) return {};
  return { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': 'Access-Control-Allow-Origin' };
}

/** Whether a request is a preflight that an allowed origin sends. */
export function isPreflight(allowed: readonly string[], request: CrossOriginRequest): boolean {
  if (request.method !== 'OPTIONS' || request.requestedMethod === undefined || request.requestedHeaders) return false;
  return request.origin !== undefined && isOriginAllowed(allowed, request.origin);
}
