import { get } from 'node:http';
import { MeshError, parseDuration } from '@mesh/core';

export interface WaitOptions {
  readonly url: string;
  readonly unixSocket?: string;
  readonly checkFrequency: string;
  readonly timeout: string;
  readonly requestTimeout: string;
}

/**
 * Polls a local readiness endpoint until it answers 200.
 * @throws MeshError `invalid` on bad options, `unavailable` after the timeout.
 */
export async function waitUntilReady(options: WaitOptions): Promise<void> {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (!url || !['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) {
    throw new MeshError('invalid', {
      violations: [{ field: '--url', message: `"${options.url}" is not an http address on this machine` }],
    });
  }
  const frequencyMs = duration('--check-frequency', options.checkFrequency);
  const requestTimeoutMs = duration('--request-timeout', options.requestTimeout);
  const deadline = Date.now() + duration('--timeout', options.timeout);
  while (!(await isReady(url, { requestTimeoutMs, socketPath: options.unixSocket }))) {
    if (Date.now() + frequencyMs > deadline)
      throw new MeshError('unavailable', { public: `${options.url} was not ready within ${options.timeout}` });
    await new Promise((resolve) => setTimeout(resolve, frequencyMs));
  }
}

function duration(flag: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0)
    throw new MeshError('invalid', { violations: [{ field: flag, message: `"${text}" is not a duration such as 1s` }] });
  return ms;
}

function isReady(
  url: URL,
  { requestTimeoutMs, socketPath }: { requestTimeoutMs: number; socketPath: string | undefined },
): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: requestTimeoutMs, ...(socketPath ? { socketPath } : {}) }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
