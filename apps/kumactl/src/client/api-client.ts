import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { messageOf, VERSION } from '@mesh/core';
import type { ApiServerConfig } from '../config/model.js';
import { UserError } from '../errors.js';
import { ApiFailure, readFailure } from './failure.js';

export interface ApiResponse {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Without credentials: the check of a new control plane. */
  readonly anonymous?: boolean;
}

/** Talks to the REST API of one control plane. */
export class ApiClient {
  constructor(
    private readonly server: ApiServerConfig,
    private readonly timeoutMs: number,
  ) {}

  get url(): string {
    return this.server.url;
  }

  /** JSON of a `GET`. Throws ApiFailure for an error of the API. */
  async getJson<T>(path: string, options: CallOptions = {}): Promise<T> {
    const { text } = await this.call('GET', path, options);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new UserError(`${this.url} did not answer with JSON: is it the API of a control plane?`);
    }
  }

  /** Any call; throws ApiFailure where the status is no success, UserError where there is no answer. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<ApiResponse> {
    const response = await this.send(method, path, options);
    if (response.status < 200 || response.status > 299) throw readFailure(response, `${method} ${path}`);
    return response;
  }

  /** Whether an error says that what was asked for does not exist. */
  static isNotFound(error: unknown): boolean {
    return error instanceof ApiFailure && error.status === 404;
  }

  private send(method: string, path: string, options: CallOptions): Promise<ApiResponse> {
    const url = this.resolve(path);
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const settings: RequestOptions = {
      method,
      headers: this.headers({ hasBody: body !== undefined, anonymous: options.anonymous ?? false }),
      ...(url.protocol === 'https:' ? this.tls() : {}),
      ...(this.timeoutMs > 0 ? { signal: AbortSignal.timeout(this.timeoutMs) } : {}),
    };
    return new Promise((resolve, reject) => {
      const call = request(url, settings, (response) => {
        readBody(response).then((text) => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }), reject);
      });
      call.on('error', (error) => reject(new UserError(`${method} ${url.href}: ${this.explain(error)}`)));
      call.end(body);
    });
  }

  private resolve(path: string): URL {
    try {
      return new URL(`${this.url.replace(/\/+$/, '')}${path}`);
    } catch {
      throw new UserError(`"${this.url}" is no URL such as http://localhost:5681`);
    }
  }

  private explain(error: Error & { code?: string }): string {
    if (error.name === 'TimeoutError' || error.name === 'AbortError') return `no answer after ${this.timeoutMs} ms`;
    if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
    return error.message || error.code || error.name;
  }

  private headers(request: { hasBody: boolean; anonymous: boolean }): Record<string, string> {
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': `kumactl/${VERSION}` };
    for (const { key, value } of this.server.headers ?? []) headers[key] = value;
    if (request.hasBody) headers['content-type'] = 'application/json';
    const { authType, authConf = {} } = this.server;
    if (authType === 'tokens' && !request.anonymous) headers.authorization = `Bearer ${authConf.token ?? ''}`;
    return headers;
  }

  private tls(): RequestOptions {
    const { caCertFile, clientCertFile, clientKeyFile, skipVerify } = this.server;
    return {
      ...(caCertFile ? { ca: readFile(caCertFile) } : {}),
      ...(clientCertFile ? { cert: readFile(clientCertFile) } : {}),
      ...(clientKeyFile ? { key: readFile(clientKeyFile) } : {}),
      rejectUnauthorized: !skipVerify,
    };
  }
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${messageOf(error)}`);
  }
}
