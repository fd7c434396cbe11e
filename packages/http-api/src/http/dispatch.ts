import type { ServerResponse } from 'node:http';
import { type Clock, type DescriptorRegistry, type Logger, MeshError, messageOf } from '@mesh/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuditLog, auditRequestOf } from '../access/audit.js';
import type { AuditTrail } from '../access/audit-trail.js';
import { type Authenticated, authenticate, UNRECOGNISED } from '../access/authenticate.js';
import { requireAllowedHost, requireOwnWrite } from '../access/browser-guard.js';
import { corsHeaders, isPreflight } from '../access/cors.js';
import { RateLimit } from '../access/rate-limit.js';
import type { ApiMetrics, ApiSection, Authenticator } from '../options.js';
import type { Answer } from './answer.js';
import { errorAnswer, isBug, problem } from './errors.js';
import { allowedMethods, negotiate } from './negotiate.js';
import { credentialsOf, crossOriginOf, isEncrypted, pathOf, peerOf, preconditionsOf } from './request-facts.js';
import { type ApiRequest, fromRouterPath, type Handler, type Route, type RouteMethod } from './route.js';

/** What the way of a request through the API needs. */
export interface DispatchOptions {
  readonly apiServer: ApiSection;
  readonly registry: DescriptorRegistry;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  readonly log: Logger;
  readonly metrics: ApiMetrics;
  /** Keeps records of what is no part of a write. */
  readonly trail: Pick<AuditTrail, 'add'>;
  /** Whether there is anything to read yet. */
  readonly isReady: () => boolean;
}

interface RequestContext {
  readonly request: FastifyRequest;
  readonly response: ServerResponse;
  readonly route: Route;
  readonly caller: Authenticated;
}

interface RequestState {
  readonly startedMs: number;
  caller: Authenticated;
  template: string;
}

const NOT_READY = new MeshError('unavailable', { public: 'nothing has been heard from the control plane yet, try again' });

/**
 * The way of a request (contract/rest-api.md §1): metrics, authentication, CORS, route, answer.
 * Whatever goes wrong becomes an answer; nothing a client sends ends the process.
 */
export class Dispatcher {
  private readonly states = new WeakMap<FastifyRequest, RequestState>();
  private readonly audit: AuditLog;
  private readonly limits: { readonly known: RateLimit; readonly unknown: RateLimit };

  constructor(private readonly options: DispatchOptions) {
    const { apiServer, clock } = options;
    this.audit = new AuditLog(options);
    const { requestsPerSecond, anonymousRequestsPerSecond } = apiServer.rateLimit;
    const now = () => clock.now();
    this.limits = { known: new RateLimit(requestsPerSecond, now), unknown: new RateLimit(anonymousRequestsPerSecond, now) };
  }

  /** Runs before routing is used: counts, finds out who calls. Returns an answer where that ends the request. */
  async begin(request: FastifyRequest): Promise<Answer | undefined> {
    const state: RequestState = { startedMs: performance.now(), caller: UNRECOGNISED, template: '' };
    this.states.set(request, state);
    this.options.metrics.inflight(1);
    if (!this.options.isReady()) return errorAnswer(NOT_READY, '');
    const refusal = await this.letIn(request, state);
    if (refusal && refusal.status !== 429) this.note(request, { state, answer: refusal });
    return refusal;
  }

  private async letIn(request: FastifyRequest, state: RequestState): Promise<Answer | undefined> {
    const { apiServer, authenticator } = this.options;
    const { headers, method } = request;
    try {
      requireAllowedHost({ headers, method }, apiServer);
      if (this.isOpenToAll(request)) return undefined;
      const credentials = credentialsOf(request);
      state.caller = await authenticate(credentials, { authn: apiServer.authn, authenticator });
      const wait = this.takeTurn(state.caller, credentials.peerAddress);
      if (wait > 0) return tooManyRequests(wait);
      requireOwnWrite({ headers, method }, state.caller.identity, apiServer);
      return undefined;
    } catch (error) {
      return this.explain(error, { title: 'Could not authenticate', request });
    }
  }

  /** Users have an allowance by name, wherever they call from; others by address. */
  private takeTurn({ identity, by }: Authenticated, peerAddress: string): number {
    if (by === 'none') return this.limits.unknown.take(peerAddress);
    return this.limits.known.take(by === 'token' ? identity.name : peerAddress);
  }

  private note(request: FastifyRequest, { state, answer }: { state: RequestState; answer: Answer }): void {
    // Refused before a route had a word: the router knows which it would have been.
    const template = state.template || fromRouterPath(request.routeOptions.url ?? '');
    if (!this.audit.concerns({ method: request.method, template, status: answer.status })) return;
    this.audit.record({
      method: request.method,
      path: pathOf(request),
      template,
      params: paramsOf(request),
      peer: peerOf(request),
      caller: state.caller,
      answer,
    });
  }

  /** Notes an answer that was given around the handlers: to a body that is too large, say. */
  refused(request: FastifyRequest, answer: Answer): void {
    const state = this.states.get(request);
    if (state) this.note(request, { state, answer });
  }

  /** Counts a finished request. */
  end(request: FastifyRequest, reply: FastifyReply): void {
    const state = this.states.get(request);
    if (!state) return;
    this.states.delete(request);
    this.options.metrics.inflight(-1);
    this.options.metrics.observe({
      method: request.method,
      handler: state.template,
      code: reply.statusCode,
      seconds: (performance.now() - state.startedMs) / 1000,
      bytes: Number(reply.getHeader('content-length') ?? 0),
    });
  }

  /** Answers a request that a route was found for. */
  async dispatch(route: Route, request: FastifyRequest, response: ServerResponse): Promise<Answer> {
    const state = this.states.get(request);
    if (state) state.template = route.template;
    const crossOrigin = crossOriginOf(request);
    const allowed = this.options.apiServer.corsAllowedDomains;
    if (isPreflight(allowed, crossOrigin)) {
      return { status: 200, body: '', headers: { 'Access-Control-Allow-Methods': allowedMethods(route) } };
    }
    const refusal = negotiate(route, {
      method: request.method,
      contentType: request.headers['content-type'],
      accept: request.headers.accept,
    });
    if (refusal) {
      if (state) this.note(request, { state, answer: refusal });
      return refusal;
    }
    const handler = route.methods[request.method as RouteMethod];
    if (!handler) throw new Error(`${route.template} has no ${request.method}`);
    const answer = await this.run(handler, { request, response, route, caller: state?.caller ?? UNRECOGNISED });
    if (state) this.note(request, { state, answer });
    return answer;
  }

  /** Headers CORS adds to the answer of a request. */
  crossOriginHeaders(request: FastifyRequest): Readonly<Record<string, string>> {
    return corsHeaders(this.options.apiServer.corsAllowedDomains, crossOriginOf(request));
  }

  /** The answer for what was thrown; bugs go to the log with all that is known. */
  explain(error: unknown, context: { title: string; request: FastifyRequest }): Answer {
    const { method, url } = context.request;
    if (isBug(error)) this.options.log.error({ err: error, method, path: url.slice(0, 500) }, `request failed: ${messageOf(error)}`);
    else this.options.log.debug({ method, path: url.slice(0, 500) }, `request refused: ${messageOf(error)}`);
    return errorAnswer(error, context.title);
  }

  private async run(handler: Handler, context: RequestContext): Promise<Answer> {
    const { request } = context;
    try {
      const answer = Promise.resolve(handler.handle(toApiRequest(context)));
      return await withDeadline(answer, this.options.apiServer.writeTimeout);
    } catch (error) {
      return this.explain(error, { title: handler.title, request });
    }
  }

  /** The index and the web page are for everybody, with a bad token too. */
  private isOpenToAll(request: FastifyRequest): boolean {
    const { basePath, gui } = this.options.apiServer;
    const path = withoutSlash(pathOf(request));
    const page = withoutSlash(gui.basePath);
    return (request.method === 'GET' && path === withoutSlash(basePath)) || (page !== '' && `${path}/`.startsWith(`${page}/`));
  }
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

/** Aborts when the connection ends before the whole answer is out. */
function hangUpOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

function toApiRequest({ request, response, route, caller }: RequestContext): ApiRequest {
  const at = request.url.indexOf('?');
  return {
    method: request.method,
    template: route.template,
    path: pathOf(request),
    params: paramsOf(request),
    query: new URLSearchParams(at < 0 ? '' : request.url.slice(at + 1)),
    body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    identity: caller.identity,
    audit: () => auditRequestOf({ method: request.method, path: pathOf(request), peer: peerOf(request), caller }),
    signal: hangUpOf(response),
    preconditions: preconditionsOf(request),
    baseUrl: `${isEncrypted(request) ? 'https' : 'http'}://${request.headers.host ?? ''}`,
  };
}

function paramsOf(request: FastifyRequest): Record<string, string> {
  return (request.params ?? {}) as Record<string, string>;
}

function tooManyRequests(seconds: number): Answer {
  const answer = problem({
    status: 429,
    title: 'Too many requests',
    detail: `the allowance of this client is used up, try again in ${seconds} s`,
  });
  return { ...answer, headers: { ...answer.headers, 'Retry-After': String(seconds) } };
}

/** A client never waits longer than the write timeout, whatever hangs behind. */
async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  if (timeoutMs <= 0) return work;
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new MeshError('unavailable', { public: `no answer after ${timeoutMs} ms` })), timeoutMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
