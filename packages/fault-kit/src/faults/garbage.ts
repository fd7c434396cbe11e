import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { type ControlPlaneHandle, type ListeningPorts, listeningPorts, type TwoZones } from '@mesh/lab-kit';
import type { Fault } from '../fault.js';

/** What a peer may send: noise, much of nothing, JSON without end, half a request, and nothing at all. */
const PAYLOADS: readonly (() => Buffer)[] = [
  () => randomBytes(4096),
  () => Buffer.alloc(4 * 1024 * 1024),
  () => http('PUT', '/meshes/default', '['.repeat(200_000)),
  () => http('PUT', '/meshes/default', `{"a":`.repeat(20_000)),
  () => http('POST', '/bootstrap', randomBytes(64).toString('hex')),
  () => Buffer.from('GET / HTTP/1.1\r\nhost:'),
  () => Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), randomBytes(2048)]),
  () => Buffer.alloc(0),
];
const METHODS = [
  '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
  '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
  '/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck',
  '/kuma.mesh.v1alpha1.KDSSyncService/GlobalToZoneSync',
  '/kuma.mesh.v1alpha1.KDSSyncService/ZoneToGlobalSync',
  '/kuma.mesh.v1alpha1.GlobalKDSService/HealthCheck',
  '/kuma.mesh.v1alpha1.GlobalKDSService/StreamXDSConfigs',
];
/** A protobuf message within a message, and so on: field 1, with a length that never fits. */
const NESTED = Buffer.from(`${'0a'.repeat(20_000)}00`, 'hex');
const ATTEMPT_MS = 400;
const SENDERS = 4;
const DATAGRAM_PAUSE_MS = 5;

/** Peers that send garbage, huge, deeply nested and half-closed messages to every port that any process of ours listens on. */
export function garbage(): Fault {
  let stop = new AbortController();
  let senders: Promise<void>[] = [];
  return {
    name: 'everywhere: peers send garbage to every port',
    place: 'global',
    lastsMs: { sampled: 8_000, full: 60_000 },
    inject: async ({ lab }) => {
      stop = new AbortController();
      const { tcp, udp } = portsOf(lab);
      senders = Array.from({ length: SENDERS }, (_, index) => send(tcp, index, stop.signal));
      senders.push(scatter(udp, stop.signal));
    },
    heal: async () => {
      stop.abort();
      await Promise.all(senders);
    },
  };
}

/**
 * Ports of services and of `kuma-dp`, as the kernel knows them; of the settings of the services where it does not tell.
 * @throws Error where a service is seen to listen nowhere: then what it has would not be tried.
 */
function portsOf({ global, zone1, zone2, deployment }: TwoZones): ListeningPorts {
  const named = [global, zone1, zone2].flatMap(namedPorts);
  const ours = deployment.group.processes.filter(({ running, spec }) => running && spec.role !== 'application');
  const listening = ours.flatMap(({ pid }) => listeningPorts(pid) ?? []);
  if (listening.length === 0) return { tcp: named, udp: [] };
  const tcp = listening.flatMap((ports) => ports.tcp);
  const missing = ours
    .filter(({ pid, spec }) => spec.role === 'control-plane' && !listeningPorts(pid)?.tcp.length)
    .map(({ spec }) => spec.name);
  if (missing.length > 0) throw new Error(`these listen nowhere: ${missing.join(', ')}`);
  return { tcp, udp: listening.flatMap((ports) => ports.udp) };
}

function namedPorts({ ports, processes }: ControlPlaneHandle): number[] {
  const diagnostics = processes.map(({ spec }) => Number(spec.env['KUMA_DIAGNOSTICS_SERVER_PORT']));
  return [...Object.values(ports), ...diagnostics];
}

/** Noise for those that take datagrams. */
async function scatter(ports: readonly number[], signal: AbortSignal): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  for (let turn = 0; !signal.aborted && ports.length > 0; turn++) {
    socket.send(randomBytes((turn * 37) % 1400), ports[turn % ports.length] ?? 0, '127.0.0.1');
    await delay(DATAGRAM_PAUSE_MS);
  }
  socket.close();
}

async function send(ports: readonly number[], from: number, signal: AbortSignal): Promise<void> {
  for (let turn = from; !signal.aborted; turn += SENDERS) {
    const port = ports[turn % ports.length] ?? 0;
    const payload = PAYLOADS[Math.floor(turn / ports.length) % PAYLOADS.length] ?? PAYLOADS[0];
    if (turn % 3 === 0) await call(port, METHODS[turn % METHODS.length] ?? '');
    else if (payload)
      await say(
        turn % 3 === 1 ? connect(port, '127.0.0.1') : connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }),
        payload(),
      );
  }
}

/** Says it, closes its half where it said all, reads nothing, and goes after a while. */
async function say(socket: Socket, payload: Buffer): Promise<void> {
  socket.on('error', () => {});
  socket.pause();
  socket.end(payload);
  await delay(ATTEMPT_MS);
  socket.destroy();
}

/** A gRPC call whose message is nested without end, and longer than it says. */
async function call(port: number, path: string): Promise<void> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on('error', () => {});
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
  stream.on('error', () => {});
  const head = Buffer.alloc(5);
  head.writeUInt32BE(NESTED.length, 1);
  stream.write(Buffer.concat([head, NESTED, head]));
  await delay(ATTEMPT_MS);
  session.destroy();
}

function http(method: string, path: string, body: string): Buffer {
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
}
