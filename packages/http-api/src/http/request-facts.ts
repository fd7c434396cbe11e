import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { Credentials } from '../access/authenticate.js';
import type { CrossOriginRequest } from '../access/cors.js';
import type { ApiRequest } from './route.js';

/** The path of a request as sent, without the query. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

/** The address of whoever sends a request; IPv4 as such, though the socket may speak both. */
export function peerOf(request: FastifyRequest): string {
  return (request.socket.remoteAddress ?? '').replace(/^::ffff:/i, '');
}

/** What tells who sends a request. */
export function credentialsOf(request: FastifyRequest): Credentials {
  return {
    peerAddress: peerOf(request),
    encrypted: isEncrypted(request),
    headers: request.headers,
    clientCertVerified: isEncrypted(request) && (request.socket as TLSSocket).authorized,
  };
}

/** Whether a request came over TLS. */
export function isEncrypted(request: FastifyRequest): boolean {
  return (request.socket as Partial<TLSSocket>).encrypted === true;
}

/** On which version of an item a write insists. */
export function preconditionsOf({ headers }: FastifyRequest): ApiRequest['preconditions'] {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  return { ...(ifMatch === undefined ? {} : { ifMatch }), ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }) };
}

/** What CORS looks at. */
export function crossOriginOf(request: FastifyRequest): CrossOriginRequest {
  const { headers, method } = request;
  const one = (value: string | string[] | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
  return {
    method,
    origin: one(headers.origin),
    requestedMethod: one(headers['access-control-request-method']),
    requestedHeaders: one(headers['access-control-request-headers']),
  };
}
