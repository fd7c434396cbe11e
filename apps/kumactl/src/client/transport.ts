import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { messageOf } from '@mesh/core';
import type { ApiServerConfig } from '../config/model.js';
import { UserError } from '../errors.js';

/**
 * Sends what the generated client asks for with Node's own HTTP client: its `fetch` takes no CA, no client certificate and
 * no server that is not verified. Throws UserError where there is no answer.
 */
export function transport(server: ApiServerConfig, timeoutMs: number): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    const body = request.body ? Buffer.from(await request.arrayBuffer()) : undefined;
    const settings: RequestOptions = {
      method: request.method,
      headers: Object.fromEntries(request.headers),
      ...(url.protocol === 'https:' ? tlsOf(server) : {}),
      ...(timeoutMs > 0 ? { signal: AbortSignal.timeout(timeoutMs) } : {}),
    };
    return new Promise((resolve, reject) => {
      const call = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, settings, (response) => {
        readResponse(response).then(resolve, reject);
      });
      call.on('error', (error) => reject(new UserError(`${request.method} ${url.href}: ${explain(error, timeoutMs)}`)));
      call.end(body);
    });
  };
}

async function readResponse(message: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const { statusCode: status = 0, headersDistinct } = message;
  const headers = Object.entries(headersDistinct).flatMap(([name, values]) =>
    (values ?? []).map((value): [string, string] => [name, value]),
  );
  return new Response(chunks.length > 0 ? Buffer.concat(chunks) : null, { status, headers });
}

function explain(error: Error & { code?: string }, timeoutMs: number): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return `no answer after ${timeoutMs} ms`;
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error.message || error.code || error.name;
}

function tlsOf({ caCertFile, clientCertFile, clientKeyFile, skipVerify }: ApiServerConfig): RequestOptions {
  return {
    ...(caCertFile ? { ca: readFile(caCertFile) } : {}),
    ...(clientCertFile ? { cert: readFile(clientCertFile) } : {}),
    ...(clientKeyFile ? { key: readFile(clientKeyFile) } : {}),
    rejectUnauthorized: !skipVerify,
  };
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UserError(`cannot read ${path}: ${messageOf(error)}`);
  }
}
