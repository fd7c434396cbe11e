import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { untilReachable } from './reach.js';

async function listen(port = 0) {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

describe('waiting for an address', () => {
  it('ends as soon as something listens there, and tells why it waited', async () => {
    const { server, port } = await listen();
    await new Promise((resolve) => server.close(resolve));
    const reasons: string[] = [];
    let noteRefusal = (): void => {};
    const refused = new Promise<void>((resolve) => {
      noteRefusal = resolve;
    });
    const reached = untilReachable({
      host: '127.0.0.1',
      port,
      signal: new AbortController().signal,
      onFailure: (reason) => {
        reasons.push(reason);
        noteRefusal();
      },
    });
    await refused;
    const again = await listen(port);
    await reached;
    expect(reasons[0]).toContain('ECONNREFUSED');
    again.server.close();
  });

  it('ends with its signal where nobody ever answers', async () => {
    const stop = new AbortController();
    // An address of a network that nobody routes.
    const waiting = untilReachable({ host: '198.51.100.1', port: 9, signal: stop.signal });
    stop.abort();
    await waiting;
  });
});
