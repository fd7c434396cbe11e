import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { type Logger, MeshError, messageOf } from '@mesh/core';
import type { DpConfig } from './config.js';

/** The larger part of any bootstrap is the CA; anything beyond this is not a bootstrap. */
const RESPONSE_BYTES_MAX = 8 * 1024 * 1024;
const TRY_TIMEOUT_MS = 10_000;

/** Trust in the control plane's certificate. */
export interface CpTrust {
  /** PEM to send as `caCert`; '' where the system's roots are trusted. */
  readonly caPem: string;
  /** Passed to TLS; undefined: the system's roots. */
  readonly ca: string[] | undefined;
}

/**
 * What to trust: the given CA; else the system's roots, and the certificate that a control plane of
 * the same user on this machine has made for itself (`~/.kuma/kuma-cp.crt`). Never nothing, unless
 * `--skip-verify` says so.
 */
export function readTrust(config: DpConfig): CpTrust {
  if (config.caCertPem !== '') return { caPem: config.caCertPem, ca: [config.caCertPem] };
  if (config.caCertFile !== '') {
    try {
      const pem = readFileSync(config.caCertFile, 'utf8');
      return { caPem: pem, ca: [pem] };
    } catch (error) {
      throw new MeshError('invalid', { violations: [{ field: '--ca-cert-file', message: `cannot be read: ${messageOf(error)}` }] });
    }
  }
  try {
    const local = readFileSync(join(homedir(), '.kuma', 'kuma-cp.crt'), 'utf8');
    return { caPem: '', ca: [...rootCertificates, local] };
  } catch {
    return { caPem: '', ca: undefined };
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * Fetches the bootstrap, trying again while the control plane is away (network errors, 5xx) or does
 * not know the proxy yet (404 with an empty body), every `retryBackoffMs` up to `retryMaxDurationMs`.
 * Any other 4xx is final (contract/dataplane.md §1.5).
 * @returns the Envoy bootstrap as YAML.
 */
export async function fetchBootstrap(options: {
  config: DpConfig;
  trust: CpTrust;
  body: object;
  log: Logger;
  signal: AbortSignal;
}): Promise<string> {
  const { config, log, signal } = options;
  const deadline = Date.now() + config.retryMaxDurationMs;
  for (;;) {
    signal.throwIfAborted();
    const outcome = await tryOnce(options);
    if ('bootstrap' in outcome) return outcome.bootstrap;
    if (outcome.final || Date.now() + config.retryBackoffMs > deadline)
      throw new MeshError('unavailable', { public: outcome.reason, hint: outcome.hint ?? '' });
    log.info({ reason: outcome.reason, retryInMs: config.retryBackoffMs }, 'the control plane has no bootstrap for this proxy yet');
    await pause(config.retryBackoffMs, signal);
  }
}

type Outcome = { readonly bootstrap: string } | { readonly final: boolean; readonly reason: string; readonly hint?: string };

async function tryOnce({ config, trust, body }: { config: DpConfig; trust: CpTrust; body: object }): Promise<Outcome> {
  let answer: Answer;
  try {
    answer = await post({
      url: new URL('/bootstrap', config.cpAddress),
      payload: JSON.stringify(body),
      trust,
      skipVerify: config.skipVerify,
    });
  } catch (error) {
    const reason = `cannot reach ${config.cpAddress.origin}: ${messageOf(error)}`;
    const untrusted = /self.signed|unable to (verify|get)|altname/i.test(messageOf(error));
    return untrusted
      ? { final: true, reason, hint: "give the control plane's certificate with --ca-cert-file (it is ~/.kuma/kuma-cp.crt on its machine)" }
      : { final: false, reason };
  }
  if (answer.status === 200) return { bootstrap: decode(answer.body) };
  const text = answer.body.trim();
  if (answer.status === 404 && text === '404: Page Not Found') {
    return {
      final: true,
      reason: `${config.cpAddress.origin} is not a data plane server`,
      hint: 'give the data plane server, https://<host>:5678, or the plain one at KUMA_BOOTSTRAP_SERVER_PORT of the control plane',
    };
  }
  if (answer.status === 404 && text === '')
    return { final: false, reason: 'the control plane does not know this proxy; apply its definition or pass --dataplane-file' };
  const reason = `the control plane answered ${answer.status}${text === '' ? '' : `: ${text}`}`;
  return { final: answer.status < 500, reason };
}

function decode(body: string): string {
  if (!body.trimStart().startsWith('{')) return body;
  const encoded: unknown = JSON.parse(body).bootstrap;
  if (typeof encoded !== 'string') throw new MeshError('internal', { public: 'the bootstrap answer has no "bootstrap" field' });
  return Buffer.from(encoded, 'base64').toString('utf8');
}

function post({ url, payload, trust, skipVerify }: { url: URL; payload: string; trust: CpTrust; skipVerify: boolean }): Promise<Answer> {
  const options: RequestOptions = {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
    timeout: TRY_TIMEOUT_MS,
    ...(url.protocol === 'https:'
      ? { rejectUnauthorized: !skipVerify, minVersion: 'TLSv1.2' as const, ...(trust.ca ? { ca: trust.ca } : {}) }
      : {}),
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > RESPONSE_BYTES_MAX) request.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TRY_TIMEOUT_MS / 1000} s`)));
    request.on('error', reject);
    request.end(payload);
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
