import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { ApiSection } from '../options.js';
import { Listener } from './listeners.js';

/** Longer than a test may take. */
const GRACE_MS = 600_000;
const SECTION = {
  http: { interface: '127.0.0.1', port: 0 },
  readHeaderTimeout: 60_000,
  readTimeout: 60_000,
  idleTimeout: GRACE_MS,
} as unknown as ApiSection;

describe('a listener that stops', () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  afterEach(() => agent.destroy());

  const ask = (port: number): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, agent }, (answer) => answer.resume().once('end', () => resolve(answer))).once('error', reject);
    });

  it('answers what it was asked, and does not wait for clients that would go on asking on their connections', async () => {
    const held: ServerResponse[] = [];
    let tellAsked: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      tellAsked = resolve;
    });
    const listener = Listener.http((_request, answer) => {
      held.push(answer);
      tellAsked();
    }, SECTION);
    const { port } = await listener.start();
    const answered = ask(port);
    await asked;
    const stopped = listener.stop(GRACE_MS);
    held[0]?.end('done');
    const answer = await answered;
    expect([answer.statusCode, answer.headers.connection]).toEqual([200, 'close']);
    await stopped;
    await expect(ask(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('ends a connection whose answer had begun as soon as that is complete', async () => {
    let begun: (answer: ServerResponse) => void = () => {};
    const beginning = new Promise<ServerResponse>((resolve) => {
      begun = resolve;
    });
    const listener = Listener.http((_request, answer) => {
      answer.write('some');
      begun(answer);
    }, SECTION);
    const { port } = await listener.start();
    const answered = ask(port);
    const answer = await beginning;
    const stopped = listener.stop(GRACE_MS);
    answer.end('more');
    expect((await answered).statusCode).toBe(200);
    await stopped;
  });
});
