import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Logger, systemClock } from '@mesh/core';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AuditTrail } from './access/audit-trail.js';
import { apiRoutes } from './api-routes.js';
import { createContext } from './context.js';
import { badUrl } from './http/answer.js';
import { makeController, send } from './http/controllers.js';
import { Dispatcher } from './http/dispatch.js';
import { ApiExceptionFilter } from './http/exception-filter.js';
import { Listener } from './http/listeners.js';
import { readBody } from './http/read-body.js';
import { traceRequests } from './http/trace-requests.js';
import { type ApiServerOptions, BODY_BYTES_MAX } from './options.js';

const STOP_GRACE_MS = 3_000;
/** Names have up to 253 characters, identifiers are longer. */
const PARAMETER_CHARACTERS_MAX = 4_096;

/** Where the API listens. */
export interface ApiAddresses {
  readonly http?: AddressInfo;
  readonly https?: AddressInfo;
}

/** The REST API, ready to listen. */
export interface ApiServer {
  /** Binds the listeners the configuration asks for. */
  start(): Promise<ApiAddresses>;
  stop(): Promise<void>;
}

@Module({})
class HttpApiModule {}

/**
 * Builds the REST API: a Nest application on Fastify whose controllers are generated from the
 * descriptors, served by one HTTP and one HTTPS listener with the same handlers.
 */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { apiServer } = options.config;
  const clock = options.clock ?? systemClock;
  const trail = new AuditTrail({
    keep: (entries) => options.controlPlane.recordAudit(entries),
    clock,
    log: options.log,
    onDropped: (reason, count) => options.metrics.auditDropped?.(reason, count),
  });
  const dispatcher = new Dispatcher({
    apiServer,
    registry: options.registry,
    clock,
    authenticator: options.authenticator,
    log: options.log,
    metrics: options.metrics,
    trail,
    isReady: () => options.controlPlane.view.revision >= 0,
  });
  const app = await createApplication(options, dispatcher);
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  const listeners = {
    http: apiServer.http.enabled ? Listener.http(fastify.routing, apiServer) : undefined,
    https: apiServer.https.enabled && options.tls ? Listener.https(fastify.routing, apiServer, options.tls) : undefined,
  };
  return new NestApiServer(app, listeners, { log: options.log, trail });
}

async function createApplication(options: ApiServerOptions, dispatcher: Dispatcher): Promise<NestFastifyApplication> {
  const groups = apiRoutes(createContext(options)).filter(({ routes }) => routes.length > 0);
  const module: DynamicModule = { module: HttpApiModule, controllers: groups.map((group) => makeController(group, dispatcher)) };
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: false,
    // There is no middleware of Express's kind, and its runner costs each request a little.
    skipMiddie: true,
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX, ignoreTrailingSlash: true },
    frameworkErrors: (_error: unknown, _request: unknown, reply: unknown) => void send(reply as FastifyReply, badUrl),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, { logger: false, bodyParser: false, abortOnError: false });
  app.useGlobalFilters(new ApiExceptionFilter(dispatcher));
  prepare(adapter.getInstance() as unknown as FastifyInstance, dispatcher);
  await app.init();
  await adapter.getInstance().ready();
  return app;
}

/** Hooks that every request passes, known path or not; bodies are kept as bytes for the handlers. */
function prepare(fastify: FastifyInstance, dispatcher: Dispatcher): void {
  traceRequests(fastify);
  fastify.addHook('onRequest', async (request, reply) => {
    const answer = await dispatcher.begin(request);
    if (answer) await send(reply, answer);
  });
  fastify.addHook('onResponse', async (request, reply) => dispatcher.end(request, reply));
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request: FastifyRequest, body: IncomingMessage) => readBody(body, BODY_BYTES_MAX));
}

class NestApiServer implements ApiServer {
  constructor(
    private readonly app: NestFastifyApplication,
    private readonly listeners: { readonly http: Listener | undefined; readonly https: Listener | undefined },
    private readonly parts: { readonly log: Logger; readonly trail: AuditTrail },
  ) {}

  async start(): Promise<ApiAddresses> {
    const { http, https } = this.listeners;
    const addresses: { http?: AddressInfo; https?: AddressInfo } = {};
    try {
      if (http) addresses.http = await http.start();
      if (https) addresses.https = await https.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
    for (const listener of [http, https]) listener?.reportErrors(this.parts.log);
    return addresses;
  }

  async stop(): Promise<void> {
    await Promise.all([this.listeners.http?.stop(STOP_GRACE_MS), this.listeners.https?.stop(STOP_GRACE_MS)]);
    await this.app.close();
    await this.parts.trail.close();
  }
}
