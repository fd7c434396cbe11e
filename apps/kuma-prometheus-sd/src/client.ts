import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { MeshError, messageOf } from '@mesh/core';
import { z } from 'zod';

const PATH = '/v3/discovery:monitoringassignments';
/** How long the control plane may wait for news, and how long we wait for it then. */
const FETCH_TIMEOUT_SECONDS = 30;
const ANSWER_WITHIN_MS = (FETCH_TIMEOUT_SECONDS + 15) * 1000;
const BODY_BYTES_MAX = 256 * 1024 * 1024;

const TARGET = z.object({
  name: z.string(),
  scheme: z.string().default('http'),
  address: z.string(),
  metrics_path: z.string().default('/metrics'),
  labels: z.record(z.string(), z.string()).default({}),
});

const ASSIGNMENT = z.object({ mesh: z.string(), service: z.string().default(''), targets: z.array(TARGET).default([]) });

const ANSWER = z.object({ version_info: z.string(), resources: z.array(ASSIGNMENT).default([]) });

/** A proxy's metrics, or several, as the control plane tells them. */
export type MonitoringAssignment = z.infer<typeof ASSIGNMENT>;

/** All assignments at one version. */
export interface AssignmentSet {
  readonly version: string;
  readonly assignments: readonly MonitoringAssignment[];
}

export interface AssignmentClientOptions {
  readonly address: URL;
  readonly name: string;
  readonly ca: Buffer | undefined;
}

/** Reads `--cp-address`. @throws MeshError `invalid` */
export function parseAddress(text: string): URL {
  const url = URL.parse(text.replace(/^grpc(s?):/, 'http$1:'));
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new MeshError('invalid', {
    public: `--cp-address: "${text}" is not an address`,
    hint: 'it looks like http://zone-control-plane:5676',
  });
}

/** Asks for monitoring assignments (contract/rest-api.md §7). */
export class AssignmentClient {
  constructor(private readonly options: AssignmentClientOptions) {}

  /**
   * Assignments once they differ from `version`, or undefined where nothing has changed for 30 s.
   * @throws MeshError `unavailable` for what the control plane says or does not say.
   */
  async fetch(version: string | undefined, signal: AbortSignal): Promise<AssignmentSet | undefined> {
    const { status, body } = await this.post({ node: { id: this.options.name }, ...(version ? { version_info: version } : {}) }, signal);
    if (status === 304) return undefined;
    if (status !== 200)
      throw new MeshError('unavailable', { public: `the control plane answered ${status}: ${body.slice(0, 300).trim()}` });
    return parseAnswer(body);
  }

  private post(document: object, signal: AbortSignal): Promise<{ status: number; body: string }> {
    const { address, ca } = this.options;
    const url = new URL(`${address.pathname.replace(/\/$/, '')}${PATH}?fetch-timeout=${FETCH_TIMEOUT_SECONDS}s`, address);
    const payload = Buffer.from(JSON.stringify(document));
    const options = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': payload.length },
      timeout: ANSWER_WITHIN_MS,
      signal,
    };
    return new Promise((resolve, reject) => {
      const answered = (response: IncomingMessage) =>
        readBody(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      const request =
        url.protocol === 'https:'
          ? requestHttps(url, { ...options, ...(ca ? { ca } : {}) }, answered)
          : requestHttp(url, options, answered);
      request.once('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} s`)));
      request.once('error', reject);
      request.end(payload);
    });
  }
}

/** @throws MeshError `unavailable` where the body is not an answer. */
export function parseAnswer(body: string): AssignmentSet {
  try {
    const { version_info: version, resources } = ANSWER.parse(JSON.parse(body));
    return { version, assignments: resources };
  } catch (cause) {
    throw new MeshError('unavailable', { public: `the answer of the control plane cannot be read: ${messageOf(cause)}`, cause });
  }
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error(`an answer of more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
