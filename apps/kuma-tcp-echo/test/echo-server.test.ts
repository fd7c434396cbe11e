import { type AddressInfo, connect, type Server } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEchoServer } from '../src/echo-server.js';

describe('kuma-tcp-echo', () => {
  let server: Server;
  let port: number;

  beforeAll(async () => {
    server = createEchoServer({ name: 'web-1', zone: 'zone-1', version: 'v1' });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  function exchange(bytes: Uint8Array, lengthBytes: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let received = Buffer.alloc(0);
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        if (received.length >= lengthBytes) socket.destroy();
      });
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });
  }

  it('sends raw bytes back unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 2000 }), async (bytes) => {
        const raw = Uint8Array.from([0, ...bytes]);
        expect(Uint8Array.from(await exchange(raw, raw.length))).toEqual(raw);
      }),
      { numRuns: 50 },
    );
  });

  it('answers an HTTP request with who answered and what was asked', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/a?b=c`, {
      method: 'POST',
      body: 'hello',
      headers: { 'x-forwarded-client-cert': 'URI=x' },
    });
    expect(response.headers.get('x-echo-zone')).toBe('zone-1');
    expect(await response.json()).toMatchObject({
      name: 'web-1',
      method: 'POST',
      path: '/a?b=c',
      body: 'hello',
      headers: { 'x-forwarded-client-cert': 'URI=x' },
    });
  });

  it('refuses a request over 1 MiB and stays up', async () => {
    const head = Buffer.from(`POST / HTTP/1.1\r\ncontent-length: 10000000\r\n\r\n`);
    expect((await exchange(head, 20)).toString()).toContain('413');
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });
});
