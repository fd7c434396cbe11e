import { spawn } from 'node:child_process';
import type { ApiClient } from './api-client.js';

/** How an API is asked at random. */
export interface FuzzOptions {
  /** The command `st` of Schemathesis. */
  readonly command: string;
  readonly api: ApiClient;
  /** Where it may write. */
  readonly workDir: string;
  readonly secondsMax: number;
  /** Requests per operation and phase. */
  readonly examples: number;
  readonly workers?: number;
  /** The same seed gives the same requests, as far as the answers are the same. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** What came of it. */
export interface FuzzResult {
  /** No answer was a 5xx, and every one was as the OpenAPI document says. */
  readonly ok: boolean;
  readonly requests: number;
  /** What the fuzzer printed, with each failure and a command that repeats it. */
  readonly output: string;
}

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];

/** Sends requests made from `/openapi.json`, right and wrong ones, and compares every answer with the document. */
export async function fuzzApi(options: FuzzOptions): Promise<FuzzResult> {
  const { api, secondsMax, examples, workers = 1, seed } = options;
  const args = ['run', `${api.url}/openapi.json`, '--phases', 'examples,coverage,fuzzing', '--checks', CHECKS.join(',')];
  args.push('--max-time', String(secondsMax), '--max-examples', String(examples), '--workers', String(workers));
  args.push('--continue-on-failure', '--no-color', '--warnings', 'off', '--generation-database', 'none');
  if (seed !== undefined) args.push('--seed', String(seed));
  const { code, output } = await run(options, args);
  const generated = /([\d,]+) generated/.exec(output)?.[1] ?? '0';
  return { ok: code === 0, requests: Number(generated.replaceAll(',', '')), output };
}

function run({ command, workDir, signal }: FuzzOptions, args: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(command, args, { cwd: workDir, stdio: ['ignore', 'pipe', 'pipe'], ...(signal ? { signal } : {}) });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

const BACKEND = { 'kuma.io/service': 'backend', 'kuma.io/protocol': 'http' };

/** Puts something of several kinds into a zone, so that not every random question is about nothing. */
export async function seedForFuzz(api: ApiClient): Promise<void> {
  const mesh = '/meshes/default';
  await api.put(mesh, { type: 'Mesh', name: 'default' });
  for (let i = 0; i < 3; i++) {
    const name = `backend-${i}`;
    const networking = { address: `192.0.2.${i + 1}`, inbound: [{ port: 8080, tags: BACKEND }] };
    await api.put(`${mesh}/dataplanes/${name}`, { type: 'Dataplane', mesh: 'default', name, networking });
  }
  await api.put('/zoneingresses/ingress', {
    type: 'ZoneIngress',
    name: 'ingress',
    networking: { address: '192.0.2.9', port: 10001 },
  });
  await api.put(`${mesh}/secrets/secret`, { type: 'Secret', mesh: 'default', name: 'secret', data: 'c2VjcmV0' });
  await api.put(`${mesh}/meshtimeouts/slow`, {
    type: 'MeshTimeout',
    mesh: 'default',
    name: 'slow',
    spec: { targetRef: { kind: 'Mesh' }, to: [{ targetRef: { kind: 'Mesh' }, default: { http: { requestTimeout: '20s' } } }] },
  });
}
