import { type AddressInfo, createServer, connect as dial } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { MeshError, silentLogger } from '@mesh/core';
import { type Snapshot, xdsTypeUrls } from '@mesh/delta';
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Inbox } from '../../test/inbox.js';
import { makePem } from '../../test/tls.js';
import { createXdsServer, type XdsServer } from '../xds-server.js';
import type { AdsHandler, AdsOpen, AdsPeer } from './handler.js';

const { cluster } = xdsTypeUrls;
type Stream = ClientDuplexStream<Uint8Array, Uint8Array>;

let client: Client;
let connect: (open: AdsOpen) => Promise<AdsPeer>;
let events: Inbox<{ readonly event: string } & Record<string, unknown>>;
let errors: Inbox<object>;

const handler: AdsHandler = { connect: (open) => connect(open) };
const recordingPeer = (): AdsPeer => ({
  onSent: (e) => events.push({ event: 'sent', ...e }),
  onAck: (e) => events.push({ event: 'ack', ...e }),
  onNack: (e) => events.push({ event: 'nack', ...e }),
  onClosed: () => events.push({ event: 'closed' }),
});

function snapshot(version: string): Snapshot {
  return new Map([[cluster, { version, resources: new Map([['a', { name: 'a', version, body: Buffer.from(version) }]]) }]]);
}

function open(name: 'StreamAggregatedResources' | 'DeltaAggregatedResources', headers: Record<string, string> = {}) {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  const stream: Stream = client.makeBidiStreamRequest(
    `/envoy.service.discovery.v3.AggregatedDiscoveryService/${name}`,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes) => new Uint8Array(bytes),
    metadata,
  );
  const received = new Inbox<Uint8Array>();
  stream.on('data', received.push);
  const ended = new Promise<ServiceError | undefined>((resolve) => {
    stream.on('error', (error: ServiceError) => resolve(error));
    stream.on('end', () => resolve(undefined));
  });
  return { stream, received, ended };
}

const firstDelta = toBinary(
  DeltaDiscoveryRequestSchema,
  create(DeltaDiscoveryRequestSchema, { node: { id: 'mesh.web', cluster: 'web', metadata: { k: 'v' } }, typeUrl: cluster }),
);

function deltaAnswer(responseNonce: string, error?: string): Uint8Array {
  const errorDetail = error === undefined ? {} : { errorDetail: { message: error } };
  return toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, { typeUrl: cluster, responseNonce, ...errorDetail }));
}

// Workers are built programs: turbo builds this package before its tests.
describe.each([0, 2])('streams over %i workers', (workers) => {
  let server: XdsServer;
  let port: number;
  let ca: Buffer;

  beforeAll(async () => {
    const pem = await makePem();
    ca = Buffer.from(pem.ca);
    server = createXdsServer({
      tls: { cert: pem.cert, key: pem.key },
      handler,
      controlPlaneId: 'cp-1',
      http: (_request, response) => response.end(),
      workers: { max: workers, connectionsEach: 0 },
      log: { ...silentLogger, error: (fields) => errors.push(fields) },
    });
    port = await server.listen({ port: 0, host: '127.0.0.1' });
  });

  afterAll(() => server.close(0));

  beforeEach(() => {
    events = new Inbox();
    errors = new Inbox();
    connect = async (open) => {
      open.stream.setSnapshot(snapshot('1'));
      return recordingPeer();
    };
    client = clientOf(port);
  });

  afterEach(() => client.close());

  const clientOf = (at: number): Client =>
    new Client(`127.0.0.1:${at}`, credentials.createSsl(ca), {
      'grpc.ssl_target_name_override': 'localhost',
      'grpc.use_local_subchannel_pool': 1,
    });

  describe('delta ADS', () => {
    it('tells the handler who connects, sends its snapshots, and reports sends and answers', async () => {
      let opened: AdsOpen | undefined;
      connect = async (found) => {
        opened = found;
        found.stream.setSnapshot(snapshot('1'));
        return recordingPeer();
      };
      const { stream, received } = open('DeltaAggregatedResources', { authorization: 'token' });
      stream.write(firstDelta);
      expect(fromBinary(DeltaDiscoveryResponseSchema, await received.next())).toMatchObject({
        typeUrl: cluster,
        nonce: '1',
        resources: [{ name: 'a', version: '1' }],
        controlPlane: { identifier: 'cp-1' },
      });
      expect(opened).toMatchObject({
        nodeId: 'mesh.web',
        nodeCluster: 'web',
        nodeMetadata: { k: 'v' },
        authorization: ['token'],
        variant: 'delta',
      });
      expect(await events.next()).toEqual({ event: 'sent', typeUrl: cluster, nonce: '1', version: '1' });

      stream.write(deltaAnswer('1'));
      expect(await events.next()).toEqual({ event: 'ack', typeUrl: cluster, nonce: '1', version: '1' });
      opened?.stream.setSnapshot(snapshot('2'));
      expect(await events.next()).toMatchObject({ event: 'sent', nonce: '2' });
      stream.write(deltaAnswer('2', 'bad cluster'));
      expect(await events.next()).toEqual({ event: 'nack', typeUrl: cluster, nonce: '2', version: '2', error: 'bad cluster' });

      stream.end();
      expect(await events.next()).toEqual({ event: 'closed' });
    });

    it('reports a client that breaks off as closed, once', async () => {
      const { stream, ended } = open('DeltaAggregatedResources');
      stream.write(firstDelta);
      expect(await events.next()).toMatchObject({ event: 'sent' });
      stream.cancel();
      await ended;
      expect(await events.next()).toEqual({ event: 'closed' });
      expect(events.size).toBe(0);
    });
  });

  describe('a stream that waits to be let in', () => {
    /** A stream whose handler has not decided, and the end of which it is told. */
    async function waiting(at: Client) {
      client = at;
      const asked = new Promise<AdsOpen>((resolve) => {
        connect = (found) => {
          resolve(found);
          return new Promise((_, reject) =>
            found.ended?.addEventListener('abort', () => reject(new MeshError('unavailable')), { once: true }),
          );
        };
      });
      const { stream } = open('DeltaAggregatedResources');
      stream.write(firstDelta);
      const { ended } = await asked;
      if (!ended) throw new Error('the handler cannot know of the end');
      expect(ended.aborted).toBe(false);
      return { stream, left: new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve(), { once: true })) };
    }

    it('is known to have ended once its proxy hangs up', async () => {
      const { stream, left } = await waiting(client);
      stream.cancel();
      await left;
    });

    it('is known to have ended once its connection breaks', async () => {
      const relay = createServer((near) => {
        const far = dial(port, '127.0.0.1');
        near.pipe(far).pipe(near);
        for (const socket of [near, far]) socket.on('error', () => {});
        cut = () => far.destroy();
      });
      let cut = (): void => {};
      await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
      client.close();
      const { left } = await waiting(clientOf((relay.address() as AddressInfo).port));
      cut();
      await left;
      client.close();
      relay.close();
    });
  });

  describe('SotW ADS', () => {
    it('answers with the version and the resources of the type', async () => {
      const { stream, received } = open('StreamAggregatedResources');
      stream.write(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { node: { id: 'mesh.web' }, typeUrl: cluster })));
      const response = fromBinary(DiscoveryResponseSchema, await received.next());
      expect(response).toMatchObject({ versionInfo: '1', typeUrl: cluster, nonce: '1', resources: [{ typeUrl: cluster }] });
      stream.end();
    });
  });

  describe('a stream that breaks the rules', () => {
    it('ends with INVALID_ARGUMENT without a node in its first message', async () => {
      const { stream, ended } = open('DeltaAggregatedResources');
      stream.write(deltaAnswer(''));
      expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining('node') });
    });

    it('ends with INVALID_ARGUMENT when its node id changes', async () => {
      const { stream, ended, received } = open('DeltaAggregatedResources');
      stream.write(firstDelta);
      await received.next();
      stream.write(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, { node: { id: 'other' }, typeUrl: cluster })));
      expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'node id changed from mesh.web to other' });
    });

    it('ends with INVALID_ARGUMENT on bytes that are no request, and leaves other streams alone', async () => {
      const good = open('DeltaAggregatedResources');
      good.stream.write(firstDelta);
      await good.received.next();
      const bad = open('DeltaAggregatedResources');
      bad.stream.write(Buffer.from([0xff, 0xff, 0xff]));
      expect(await bad.ended).toMatchObject({ code: status.INVALID_ARGUMENT });
      good.stream.write(deltaAnswer('1'));
      expect(await events.next()).toMatchObject({ event: 'sent' });
      expect(await events.next()).toMatchObject({ event: 'ack' });
      good.stream.end();
    });
  });

  describe('any bytes', () => {
    it('end at most the stream they came on, with INVALID_ARGUMENT', async () => {
      const names = fc.constantFrom('StreamAggregatedResources' as const, 'DeltaAggregatedResources' as const);
      await fc.assert(
        fc.asyncProperty(names, fc.uint8Array({ maxLength: 40 }), fc.boolean(), async (name, bytes, opened) => {
          const { stream, ended } = open(name);
          if (opened) stream.write(firstDelta);
          stream.write(bytes);
          stream.end();
          const error = await ended;
          if (error) expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
        }),
        { numRuns: 150 },
      );
      const { stream, received } = open('DeltaAggregatedResources');
      stream.write(firstDelta);
      await received.next();
      stream.end();
      expect(errors.size).toBe(0);
    });
  });

  describe('a handler that refuses or fails', () => {
    it('ends the stream with the status of its MeshError', async () => {
      connect = async () => {
        throw new MeshError('unauthenticated', { public: 'the token has expired', internal: 'kid 7' });
      };
      const { stream, ended } = open('DeltaAggregatedResources');
      stream.write(firstDelta);
      expect(await ended).toMatchObject({ code: status.UNAUTHENTICATED, details: 'the token has expired' });
    });

    it('ends the stream with INTERNAL, hides the reason from the proxy and reports it', async () => {
      connect = async () => {
        throw new Error('password is 123');
      };
      const { stream, ended } = open('DeltaAggregatedResources');
      stream.write(firstDelta);
      expect(await ended).toMatchObject({ code: status.INTERNAL, details: 'internal error' });
      expect(await errors.next()).toMatchObject({ error: 'password is 123' });
    });

    it('ends only its stream when a callback throws', async () => {
      connect = async (found) => {
        found.stream.setSnapshot(snapshot('1'));
        return {
          ...recordingPeer(),
          onSent: () => {
            throw new Error('broken callback');
          },
        };
      };
      const { stream, ended } = open('DeltaAggregatedResources');
      stream.write(firstDelta);
      expect(await ended).toMatchObject({ code: status.INTERNAL });
      expect(await events.next()).toEqual({ event: 'closed' });
    });

    it('can close a stream later with a reason', async () => {
      let found: AdsOpen | undefined;
      connect = async (opened) => {
        found = opened;
        opened.stream.setSnapshot(snapshot('1'));
        return recordingPeer();
      };
      const { stream, ended, received } = open('DeltaAggregatedResources');
      stream.write(firstDelta);
      await received.next();
      expect(await events.next()).toMatchObject({ event: 'sent' });
      found?.stream.close(new MeshError('unauthenticated', { public: 'the token was revoked' }));
      expect(await ended).toMatchObject({ code: status.UNAUTHENTICATED, details: 'the token was revoked' });
      found?.stream.setSnapshot(snapshot('2'));
      expect(await events.next()).toEqual({ event: 'closed' });
    });
  });
});
