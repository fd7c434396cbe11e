import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import type { ApiSection } from '../options.js';
import { Listener } from './listeners.js';

const TIMEOUT_MS = 100;
const SECTION = {
  http: { interface: '127.0.0.1', port: 0 },
  readHeaderTimeout: TIMEOUT_MS,
  readTimeout: TIMEOUT_MS,
  idleTimeout: 60_000,
} as unknown as ApiSection;

/** The whole process does nothing else meanwhile, as where a fleet dials at once. */
function beBusy(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('a request that has not been read in time', () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });

  /** A connection that the listener has accepted; it answers with the body it was sent, unless that breaks off. */
  async function connected(): Promise<Socket> {
    const listener = Listener.http(
      (request, answer) =>
        text(request).then(
          (body) => answer.end(`got ${body}`),
          () => {},
        ),
      SECTION,
    );
    const { port } = await listener.start();
    const socket = connect(port, '127.0.0.1');
    stops.push(async () => {
      socket.destroy();
      await listener.stop(0);
    });
    await once(socket, 'connect');
    return socket;
  }

  const answerTo = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);

  it('is answered where the process was busy while it lay there', async () => {
    const socket = await connected();
    socket.write('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nsome');
    beBusy(5 * TIMEOUT_MS);
    expect(await answerTo(socket)).toMatch(/^HTTP\/1.1 200 .*got some$/s);
  });

  it('is answered where the rest of it had arrived', async () => {
    const socket = await connected();
    socket.write('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n');
    expect(await answerTo(socket)).toMatch(/^HTTP\/1.1 100 /);
    socket.write('some');
    beBusy(5 * TIMEOUT_MS);
    expect(await answerTo(socket)).toMatch(/^HTTP\/1.1 200 .*got some$/s);
  });

  it.each(['', 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Le', 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nso'])(
    'is given up where its client sends no more than %j',
    async (part) => {
      const socket = await connected();
      socket.write(part);
      beBusy(5 * TIMEOUT_MS);
      expect(await answerTo(socket)).toMatch(/^HTTP\/1.1 408 /);
    },
  );
});
