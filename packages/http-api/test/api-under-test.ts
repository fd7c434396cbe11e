import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type Clock, type Logger, MeshError, silentLogger } from '@mesh/core';
import { type ApiConfig, createApiServer, type Identity, type ObservedRequest } from '../src/index.js';
import { MemoryControlPlane } from './memory-control-plane.js';

const ADMINS = { users: ['mesh-system:admin'], groups: ['mesh-system:admin'] };
const EVERYBODY = { users: [], groups: ['mesh-system:unauthenticated', 'mesh-system:authenticated'] };

/** The defaults of contract/rest-api.md §1, on a free port of loopback. */
export function apiConfig(changes: Partial<ApiConfig['apiServer']> = {}): ApiConfig {
  return {
    apiServer: {
      readOnly: false,
      corsAllowedDomains: [],
      allowedHosts: [],
      rateLimit: { anonymousRequestsPerSecond: 0, requestsPerSecond: 0 },
      http: { enabled: true, interface: '127.0.0.1', port: 0 },
      https: { enabled: false, interface: '127.0.0.1', port: 0 },
      authn: { type: 'tokens', localhostIsAdmin: true, tokens: { enableIssuer: true } },
      basePath: '/',
      gui: { enabled: true, rootUrl: '', basePath: '/gui' },
      readHeaderTimeout: 1_000,
      readTimeout: 10_000,
      writeTimeout: 30_000,
      idleTimeout: 120_000,
      ...changes,
    },
    access: {
      anonymousWrites: false,
      static: {
        adminResources: ADMINS,
        writeResources: { users: [], groups: ['mesh-system:admin', 'mesh-system:authenticated'] },
        generateDpToken: ADMINS,
        generateUserToken: ADMINS,
        generateZoneToken: ADMINS,
        viewConfigDump: EVERYBODY,
        viewStats: EVERYBODY,
        viewClusters: EVERYBODY,
        controlPlaneMetadata: EVERYBODY,
      },
    },
    dpServer: { authn: { dpProxy: { dpToken: { enableIssuer: true } }, zoneProxy: { zoneToken: { enableIssuer: true } } } },
    dnsServer: { domain: 'mesh', serviceVipPort: 80 },
  };
}

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface WireRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A running API server and a client for it. */
export class ApiUnderTest {
  readonly observed: ObservedRequest[] = [];
  /** Records of the audit that were not kept, by why. */
  readonly dropped: Record<string, number> = {};
  port = 0;
  private stopServer: () => Promise<void> = async () => {};

  constructor(readonly controlPlane: MemoryControlPlane) {}

  static async start(
    options: { controlPlane?: MemoryControlPlane; config?: ApiConfig; clock?: Clock; log?: Logger } = {},
  ): Promise<ApiUnderTest> {
    const api = new ApiUnderTest(options.controlPlane ?? new MemoryControlPlane());
    const server = await createApiServer({
      controlPlane: api.controlPlane,
      registry: api.controlPlane.registry,
      config: options.config ?? apiConfig(),
      authenticator: { authenticate: async (token) => identityOf(token) },
      log: options.log ?? silentLogger,
      metrics: {
        observe: (each) => void api.observed.push(each),
        inflight: () => {},
        auditDropped: (reason, count) => api.noteDropped(reason, count),
      },
      ...(options.clock ? { clock: options.clock } : {}),
    });
    const { http } = await server.start();
    api.port = http?.port ?? 0;
    api.stopServer = () => server.stop();
    return api;
  }

  private noteDropped(reason: string, count: number): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + count;
  }

  stop(): Promise<void> {
    return this.stopServer();
  }

  /** Sends a request exactly as told: path and headers are not touched. */
  send(path: string, { method = 'GET', headers = {}, body }: WireRequest = {}): Promise<WireAnswer> {
    return new Promise((resolve, reject) => {
      const all = { ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }), ...headers };
      const request = httpRequest({ port: this.port, host: '127.0.0.1', method, path, headers: all, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }),
        );
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  /** `PUT` of a document as JSON. */
  put(path: string, document: unknown, headers: Readonly<Record<string, string>> = {}): Promise<WireAnswer> {
    const body = typeof document === 'string' ? document : JSON.stringify(document);
    return this.send(path, { method: 'PUT', body, headers: { 'content-type': 'application/json', ...headers } });
  }

  post(path: string, document: unknown, headers: Readonly<Record<string, string>> = {}): Promise<WireAnswer> {
    const body = typeof document === 'string' ? document : JSON.stringify(document);
    return this.send(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  }
}

/** Headers that make a caller on loopback a stranger. */
export const STRANGER = { 'x-forwarded-for': '203.0.113.9' } as const;

function identityOf(token: string): Identity {
  if (token === 'admin-token') return { name: 'mesh-system:admin', groups: ['mesh-system:admin'] };
  if (token === 'team-token') return { name: 'alice', groups: ['team'] };
  throw new MeshError('unauthenticated', { public: 'bad token' });
}
