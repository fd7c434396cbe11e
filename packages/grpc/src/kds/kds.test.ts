import { create, toBinary } from '@bufbuild/protobuf';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { MeshError, silentLogger } from '@mesh/core';
import { DeltaDiscoveryRequestSchema, DeltaDiscoveryResponseSchema } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import {
  XDSConfigResponseSchema,
  ZoneHealthCheckRequestSchema,
  ZoneHealthCheckResponseSchema,
} from '@mesh/proto/kuma/mesh/v1alpha1/kds_pb.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KdsClient } from './client.js';
import { kdsMethods } from './methods.js';
import type { ZonePeer } from './peer.js';
import { KdsServer, type KdsServerHandler } from './server.js';

/** Answers each request with an empty response, and refuses those without a node. */
class Echo implements KdsServerHandler {
  readonly peers: ZonePeer[] = [];
  readonly opened: string[] = [];
  ended = 0;
  onOpened: () => void = () => {};

  identity() {
    return { storeId: 'store-1', storeRevision: 7 };
  }

  globalToZone: KdsServerHandler['globalToZone'] = async (stream, peer) => {
    this.peers.push(peer);
    return {
      onMessage: (request) => {
        if (!request.node) throw new MeshError('bad_request', { public: 'every request must carry node.id' });
        stream.send(create(DeltaDiscoveryResponseSchema, { typeUrl: request.typeUrl, nonce: '1' }));
      },
      onEnd: () => void this.ended++,
    };
  };

  /** Writes at the open, and while the first messages come. */
  zoneToGlobal: KdsServerHandler['zoneToGlobal'] = async (stream) => {
    const write = () => stream.send(create(DeltaDiscoveryRequestSchema, { typeUrl: 'Mesh' }));
    write();
    setImmediate(write);
    setTimeout(write, 1);
    return { onMessage: () => {}, onEnd: () => void this.ended++ };
  };

  async healthCheck() {
    return 3000;
  }

  streamOpened(name: string) {
    this.opened.push(name);
    this.onOpened();
    return () => {};
  }
}

describe('the KDS server', () => {
  let handler: Echo;
  let server: KdsServer;
  let client: Client;
  let port: number;

  beforeEach(async () => {
    handler = new Echo();
    server = new KdsServer({ host: '127.0.0.1', port: 0, handler, log: silentLogger });
    port = await server.start();
    client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  });

  afterEach(async () => {
    client.close();
    await server.stop();
  });

  function headers(zone?: string): Metadata {
    const metadata = new Metadata();
    if (zone !== undefined) metadata.set('client-id', zone);
    metadata.add('features', 'zone-ping-health');
    metadata.add('features', 'hash-suffix');
    return metadata;
  }

  function open<Out, In>(
    method: MethodDefinition<Out, In>,
    options: { zone?: string; serialize?: (message: Out) => Buffer; compressed?: boolean } = {},
  ) {
    const metadata = headers('zone' in options ? options.zone : 'zone-1');
    const serialize = options.serialize ?? method.requestSerialize;
    return client.makeBidiStreamRequest(method.path, serialize, method.responseDeserialize, metadata);
  }

  const failureOf = (call: ClientDuplexStream<never, never>) =>
    new Promise<ServiceError>((resolve) => call.on('error', resolve).on('data', () => {}));
  const answerOf = <Out, In>(call: ClientDuplexStream<Out, In>) =>
    new Promise<In>((resolve, reject) => call.once('data', resolve).on('error', reject));
  const request = create(DeltaDiscoveryRequestSchema, { node: { id: 'zone-1' }, typeUrl: 'Mesh' });

  async function expectAlive(): Promise<void> {
    const call = open(kdsMethods.globalToZone);
    call.write(request);
    expect((await answerOf(call)).typeUrl).toBe('Mesh');
    call.cancel();
  }

  it('reads the zone and both feature fields from the headers', async () => {
    await expectAlive();
    expect(handler.peers[0]).toMatchObject({ zone: 'zone-1', authTokenProvided: false });
    expect([...(handler.peers[0]?.features ?? [])]).toEqual(['zone-ping-health', 'hash-suffix']);
  });

  it('ends only the stream of a request without node, as an invalid argument', async () => {
    const call = open(kdsMethods.globalToZone);
    call.write(create(DeltaDiscoveryRequestSchema, { typeUrl: 'Mesh' }));
    expect(await failureOf(call as never)).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'every request must carry node.id' });
    expect(handler.ended).toBe(1);
    await expectAlive();
  });

  it.each([undefined, '', 'Not A Zone', '../etc'])('refuses the client-id %j', async (zone) => {
    const call = open(kdsMethods.globalToZone, zone === undefined ? { zone: undefined as never } : { zone });
    expect(await failureOf(call as never)).toMatchObject({ code: status.INVALID_ARGUMENT });
    await expectAlive();
  });

  it('survives bytes that are no message', async () => {
    const call = open(kdsMethods.globalToZone, { serialize: () => Buffer.from([0xff, 0xff, 0xff, 1]) });
    call.write(request);
    expect((await failureOf(call as never)).code).not.toBe(status.OK);
    await expectAlive();
  });

  it('ends a stream on which no message comes, also where it is writing to it', async () => {
    const call = open(kdsMethods.zoneToGlobal, { serialize: () => Buffer.alloc(64, 0xff) });
    call.write(create(DeltaDiscoveryResponseSchema));
    expect(await failureOf(call as never)).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'the message cannot be decoded' });
    expect(handler.ended).toBe(1);
  });

  it('refuses messages beyond the limit and lives on', async () => {
    const call = open(kdsMethods.globalToZone, { serialize: () => Buffer.alloc(11 * 1024 * 1024) });
    call.write(request);
    expect((await failureOf(call as never)).code).toBe(status.RESOURCE_EXHAUSTED);
    await expectAlive();
  });

  it('takes messages compressed with gzip, as Kuma zones send them', async () => {
    const metadata = headers('zone-1');
    const compressing = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.default_compression_algorithm': 2,
      'grpc.use_local_subchannel_pool': 1,
    });
    const { path, responseDeserialize } = kdsMethods.globalToZone;
    const call = compressing.makeBidiStreamRequest(
      path,
      () => Buffer.from(toBinary(DeltaDiscoveryRequestSchema, request)),
      responseDeserialize,
      metadata,
    );
    call.write(request);
    expect((await answerOf(call)).typeUrl).toBe('Mesh');
    call.cancel();
    compressing.close();
  });

  it('ignores an admin answer nobody waits for, and goes on with the stream', async () => {
    const call = open(kdsMethods.xdsConfigs);
    const opened = new Promise<void>((resolve) => {
      handler.onOpened = resolve;
    });
    call.write(create(XDSConfigResponseSchema, { requestId: 'unknown', result: { case: 'config', value: Buffer.from('late') } }));
    await opened;
    call.on('data', (asked) =>
      call.write(
        create(XDSConfigResponseSchema, { requestId: asked.requestId, result: { case: 'error', value: `no ${asked.resourceName}` } }),
      ),
    );
    const ask = { kind: 'Dataplane', mesh: 'm', name: 'd', what: 'xds', format: 'json' } as const;
    await expect(server.adminRequest('zone-1', ask)).rejects.toMatchObject({ code: 'bad_request', public: 'no d' });
    await expect(server.adminRequest('zone-2', ask)).rejects.toMatchObject({ code: 'unavailable' });
    call.on('error', () => {});
    call.cancel();
  });

  it('ends all streams of a zone that is told to go', async () => {
    const call = open(kdsMethods.globalToZone);
    call.write(request);
    await answerOf(call);
    const failure = failureOf(call as never);
    server.disconnect('zone-1', 'the zone was deleted');
    expect(await failure).toMatchObject({ code: status.UNAVAILABLE, details: 'the zone was deleted' });
  });

  it('ends the older of two streams of a zone, where it is told to', async () => {
    const strict = new KdsServer({ host: '127.0.0.1', port: 0, closeStale: true, handler, log: silentLogger });
    const dialled = new Client(`127.0.0.1:${await strict.start()}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    const { path, requestSerialize, responseDeserialize } = kdsMethods.globalToZone;
    const opened = () => dialled.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, headers('zone-1'));
    const older = opened();
    older.write(request);
    await answerOf(older);
    const failure = failureOf(older as never);
    const newer = opened();
    newer.write(request);
    expect(await failure).toMatchObject({ details: 'the zone opened a newer stream' });
    expect((await answerOf(newer)).typeUrl).toBe('Mesh');
    newer.cancel();
    dialled.close();
    await strict.stop();
  });

  it('is dialled by a zone with all its streams, and told whose store it is', async () => {
    const identities: unknown[] = [];
    const answered = new Promise<void>((resolve) => {
      const zone = new KdsClient({
        address: `grpc://127.0.0.1:${port}`,
        zone: 'zone-1',
        version: '2.14.3',
        log: silentLogger,
        handler: {
          identity: () => ({ storeId: 'zone-store', storeRevision: 3 }),
          globalToZone: async (stream, global) => {
            stream.send(request);
            return {
              onMessage: () => void global.then((identity) => identities.push(identity)).then(() => zone.stop().then(resolve)),
              onEnd: () => {},
            };
          },
          zoneToGlobal: async () => ({ onMessage: () => {}, onEnd: () => {} }),
          proxyAdmin: async () => new Uint8Array(),
        },
      });
      zone.start();
    });
    await answered;
    expect(identities[0]).toEqual({ storeId: 'store-1', storeRevision: 7 });
    expect(handler.peers.at(-1)).toMatchObject({ version: '2.14.3', storeId: 'zone-store', storeRevision: 3 });
    expect(new Set(handler.opened)).toEqual(new Set(['globalToZone', 'zoneToGlobal', 'configDump', 'stats', 'clusters']));
  });
});

describe('a zone that can be asked what its proxies have', () => {
  it('goes on with a global that does not know the method, as a Kuma global does not', async () => {
    const { globalToZone, zoneToGlobal, healthCheck } = kdsMethods;
    const kuma = new Server();
    const hold = (call: ServerDuplexStream<unknown, unknown>): void => void call.on('end', () => call.end());
    const healthy = (_call: unknown, done: (error: null, response: unknown) => void): void =>
      done(null, create(ZoneHealthCheckResponseSchema));
    kuma.addService({ globalToZone, zoneToGlobal, healthCheck }, { globalToZone: hold, zoneToGlobal: hold, healthCheck: healthy });
    const port = await new Promise<number>((resolve, reject) =>
      kuma.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
    );
    const reasons: string[] = [];
    let asked = 0;
    let runs = 0;
    const session = async () => {
      runs++;
      return { onMessage: () => {}, onEnd: () => {} };
    };
    const zone = new KdsClient({
      address: `grpc://127.0.0.1:${port}`,
      zone: 'zone-1',
      version: '2.14.3',
      log: silentLogger,
      handler: {
        identity: () => ({ storeId: 'zone-store', storeRevision: 3 }),
        globalToZone: session,
        zoneToGlobal: session,
        proxyAdmin: async () => new Uint8Array(),
        deliveries: { watch: () => void asked++ },
        onDisconnected: (reason) => void reasons.push(reason),
      },
    });
    zone.start();
    await expect.poll(() => runs).toBe(2);
    // The answer to the report stream is there once a later call was answered.
    const probe = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = healthCheck;
    await new Promise((resolve) => {
      probe.makeUnaryRequest(path, requestSerialize, responseDeserialize, create(ZoneHealthCheckRequestSchema), new Metadata(), resolve);
    });
    await zone.stop();
    expect({ reasons, asked, runs }).toEqual({ reasons: [], asked: 0, runs: 2 });
    probe.close();
    kuma.forceShutdown();
  });
});

describe('the address of a global', () => {
  const options = (address: string) =>
    ({ address, zone: 'z', version: '', log: silentLogger, handler: {} }) as unknown as ConstructorParameters<typeof KdsClient>[0];

  it.each(['http://x:1', 'x', 'grpc://nohost', 'grpcs://:5685', ''])('%j is refused', (address) => {
    expect(() => new KdsClient(options(address))).toThrow(MeshError);
  });

  it('may be a name, an IPv4 or an IPv6 address', () => {
    for (const address of ['grpcs://global:5685', 'grpc://127.0.0.1:5685', 'grpc://[::1]:5685'])
      expect(() => new KdsClient(options(address))).not.toThrow();
  });
});
