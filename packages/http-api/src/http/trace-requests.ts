import { type Span, tracing } from '@mesh/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Makes every request a span, below that of its caller where the request says so; does nothing where tracing is off. */
export function traceRequests(fastify: FastifyInstance): void {
  if (!tracing.enabled) return;
  const spans = new WeakMap<FastifyRequest, Span>();
  fastify.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url ?? 'unknown path';
    const parent = request.headers['traceparent'];
    const span = tracing.startSpan(`${request.method} ${route}`, {
      kind: 'server',
      parent: typeof parent === 'string' ? parent : undefined,
      attributes: { 'http.request.method': request.method, 'http.route': route, 'url.path': request.url.split('?')[0] ?? '' },
    });
    if (span) spans.set(request, span);
    tracing.run(span?.traceparent, done);
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const { statusCode } = reply;
    spans.get(request)?.end({ 'http.response.status_code': statusCode }, statusCode >= 500 ? `answered ${statusCode}` : undefined);
  });
}
