import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { listeningPorts } from './listening-ports.js';

it.skipIf(process.platform !== 'linux')('finds the ports a process listens on, TCP and UDP, and no port of a connection', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  const datagrams = createSocket('udp4').bind(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(datagrams, 'listening')]);
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  const found = listeningPorts(process.pid);
  expect(found?.tcp).toContain(port);
  expect(found?.tcp).not.toContain(client.localPort);
  expect(found?.udp).toContain(datagrams.address().port);
  client.destroy();
  server.close();
  datagrams.close();
  expect(listeningPorts(2 ** 30)).toBeUndefined();
});
