import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Client, type ClientDuplexStream, credentials, type Server, status } from '@grpc/grpc-js';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Inbox } from '../../test/inbox.js';
import { makePem, type TestPem } from '../../test/tls.js';
import { rawMethod } from '../definition.js';
import { createGrpcServer } from '../server.js';
import { createMuxServer, type MuxServer } from './mux-server.js';

const echo = rawMethod('/test.Echo/Echo');

let pem: TestPem;
let grpc: Server;
let mux: MuxServer;
let port: number;
let clients: Client[];

beforeAll(async () => {
  pem = await makePem();
});

beforeEach(async () => {
  clients = [];
  grpc = createGrpcServer();
  grpc.addService({ echo }, { echo: (call: NodeJS.ReadWriteStream) => void call.pipe(call) });
  mux = createMuxServer({
    cert: pem.cert,
    key: pem.key,
    grpc,
    http: (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => response.end(`${incoming.method} ${incoming.url} ${Buffer.concat(chunks).toString()}`));
    },
  });
  port = await mux.listen({ port: 0, host: '127.0.0.1' });
});

afterEach(async () => {
  for (const client of clients) client.close();
  await mux.close(0);
});

function openEcho(): { readonly stream: ClientDuplexStream<Buffer, Buffer>; readonly received: Inbox<string> } {
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(pem.ca), { 'grpc.ssl_target_name_override': 'localhost' });
  clients.push(client);
  const stream = client.makeBidiStreamRequest(echo.path, echo.requestSerialize, echo.responseDeserialize);
  const received = new Inbox<string>();
  stream.on('data', (bytes: Buffer) => received.push(bytes.toString()));
  stream.on('error', () => {}); // closing the client cancels what is open; who expects an error waits for it
  return { stream, received };
}

function post(path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method: 'POST', ca: pem.ca, servername: 'localhost', agent: false };
    const outgoing = request(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

async function handshake(ALPNProtocols: string[]): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, ca: pem.ca, servername: 'localhost', ALPNProtocols });
  await once(socket, 'secureConnect');
  return socket;
}

describe('the mux port', () => {
  it('ends a connection whose request has no whole head in time', async () => {
    const impatient = createMuxServer({ cert: pem.cert, key: pem.key, grpc: createGrpcServer(), http: () => {}, headersTimeoutMs: 100 });
    const socket = connectTls({
      host: '127.0.0.1',
      port: await impatient.listen({ port: 0, host: '127.0.0.1' }),
      ca: pem.ca,
      servername: 'localhost',
      ALPNProtocols: ['http/1.1'],
    });
    await once(socket, 'secureConnect');
    socket.write('POST /bootstrap HTTP/1.1\r\nHost: loc');
    let answer = '';
    socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    await impatient.close(0);
  });

  it('serves gRPC streams and HTTP requests side by side', async () => {
    const { stream, received } = openEcho();
    stream.write(Buffer.from('one'));
    expect(await received.next()).toBe('one');
    expect(await post('/bootstrap', '{"mesh":"default"}')).toBe('POST /bootstrap {"mesh":"default"}');
    stream.write(Buffer.from('two'));
    expect(await received.next()).toBe('two');
    stream.end();
  });

  it('answers a client that offers HTTP/2 and HTTP/1.1, as Go does, over HTTP/1.1', async () => {
    const socket = await handshake(['h2', 'http/1.1']);
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.write('GET /x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1.1 200 OK/);
    socket.destroy();
  });

  it('answers a client without ALPN over HTTP/1.1', async () => {
    const socket = connectTls({ host: '127.0.0.1', port, ca: pem.ca, servername: 'localhost' });
    await once(socket, 'secureConnect');
    socket.write('GET /y HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1.1 200 OK/);
    socket.destroy();
  });

  it('refuses TLS below 1.2', async () => {
    const socket = connectTls({ host: '127.0.0.1', port, ca: pem.ca, servername: 'localhost', minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toMatch(/PROTOCOL|ALERT|ECONNRESET/);
  });

  it('survives garbage before, in and after the handshake', async () => {
    const plain = connectTcp({ host: '127.0.0.1', port });
    plain.on('error', () => {});
    plain.write('GET / HTTP/1.1\r\n\r\n');
    await once(plain, 'close');

    for (const protocols of [['h2'], ['http/1.1']]) {
      const socket = await handshake(protocols);
      socket.on('error', () => {});
      socket.resume();
      socket.write(Buffer.alloc(4096, 0xfe));
      await once(socket, 'close');
    }
    expect(await post('/still', 'up')).toBe('POST /still up');
  });

  it('tells running streams to end when it closes, and cuts them after the grace', async () => {
    const { stream, received } = openEcho();
    stream.write(Buffer.from('one'));
    await received.next();
    const ended = once(stream, 'error') as Promise<[{ code: number }]>;
    const closed = mux.close(50);
    const [error] = await ended;
    expect([status.UNAVAILABLE, status.CANCELLED, status.INTERNAL]).toContain(error.code);
    await closed;
    await expect(post('/gone', '')).rejects.toThrow('ECONNREFUSED');
  });

  it('cuts connections that never say a word, well before their handshake times out', { timeout: 8_000 }, async () => {
    const silent = connectTcp({ host: '127.0.0.1', port });
    await once(silent, 'connect');
    const cut = once(silent, 'close');
    await mux.close(50);
    await cut;
  });

  it.skipIf(process.platform !== 'linux')('has the kernel ask a silent peer within 15 s whether it is there', async () => {
    const silent = connectTcp({ host: '127.0.0.1', port });
    await once(silent, 'connect');
    // Local address, state and timer of each connection, as proc_pid_net(5) has them; 01 is ESTABLISHED, timer 02 that of keepalive.
    const ours = new RegExp(
      `^\\s*\\d+: [0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, '0')} \\S+ 01 \\S+ (\\d+):([0-9A-F]+)`,
      'm',
    );
    const timer = await vi.waitFor(() => {
      const [, what, ticks = ''] = ours.exec(readFileSync('/proc/self/net/tcp', 'utf8')) ?? [];
      expect(what).toBe('02');
      return Number.parseInt(ticks, 16) / 100;
    });
    expect(timer).toBeLessThanOrEqual(15);
    silent.destroy();
  });

  it('says why when the port is taken', async () => {
    const second = createMuxServer({ cert: pem.cert, key: pem.key, grpc: createGrpcServer(), http: () => {} });
    await expect(second.listen({ port, host: '127.0.0.1' })).rejects.toThrow('EADDRINUSE');
    await second.close(0);
  });
});
