import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Logger, MeshError, type MeshErrorCode, messageOf } from '@mesh/core';
import type { BootstrapGenerator } from './generator.js';
import { BOOTSTRAP_BODY_BYTES_MAX, parseBootstrapRequest } from './request.js';

/** What goes back for an error; bodies are only shown where kuma-dp shows them (contract/dataplane.md §1.3). */
const STATUS_OF_CODE: Partial<Record<MeshErrorCode, { status: number; body: boolean }>> = {
  bad_request: { status: 400, body: true },
  invalid: { status: 422, body: true },
  not_found: { status: 404, body: false },
  too_large: { status: 413, body: true },
  unavailable: { status: 503, body: true },
};

/** Serves `/bootstrap`; everything else is a 404 with the text Kuma's mux gives. */
export function bootstrapHttpHandler(generator: BootstrapGenerator, log: Logger): (req: IncomingMessage, res: ServerResponse) => void {
  return (req, res) => {
    res.on('error', () => {});
    if (req.url?.split('?')[0] !== '/bootstrap') {
      req.resume();
      send(res, { status: 404, type: 'text/plain; charset=utf-8', body: '404 page not found\n' });
      return;
    }
    answer(generator, req, res).catch((error: unknown) => fail(res, error, log));
  };
}

async function answer(generator: BootstrapGenerator, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const request = parseBootstrapRequest(await readBody(req));
  const bootstrap = await generator.generate(request, hostOf(req));
  if (req.headers.accept !== 'application/json') {
    send(res, { status: 200, type: 'text/x-yaml', body: bootstrap.yaml });
    return;
  }
  const body = JSON.stringify({ bootstrap: Buffer.from(bootstrap.yaml).toString('base64'), kumaSidecarConfiguration: bootstrap.sidecar });
  send(res, { status: 200, type: 'application/json', body });
}

function fail(res: ServerResponse, error: unknown, log: Logger): void {
  const known = MeshError.is(error) ? STATUS_OF_CODE[error.code] : undefined;
  if (!known) log.error({ error: messageOf(error) }, 'bootstrap request failed');
  const body = known?.body && MeshError.is(error) ? error.public : '';
  send(res, { status: known?.status ?? 500, type: 'text/plain; charset=utf-8', body });
}

function send(res: ServerResponse, answer: { status: number; type: string; body: string }): void {
  if (res.headersSent || res.writableEnded) return;
  res.statusCode = answer.status;
  if (answer.body !== '') res.setHeader('content-type', answer.type);
  res.end(answer.body);
}

/** The host the client dialled, without port and brackets. */
function hostOf(req: IncomingMessage): string {
  const authority = req.headers.host ?? '';
  return authority.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** Reads at most BOOTSTRAP_BODY_BYTES_MAX; what comes after is drained, not kept. */
async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BOOTSTRAP_BODY_BYTES_MAX) chunks.push(chunk);
  }
  if (size > BOOTSTRAP_BODY_BYTES_MAX) {
    throw new MeshError('too_large', { public: `the bootstrap request is larger than ${BOOTSTRAP_BODY_BYTES_MAX} bytes` });
  }
  return Buffer.concat(chunks).toString('utf8');
}
