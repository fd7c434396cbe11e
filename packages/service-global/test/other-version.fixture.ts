import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, type Metadata, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { HEADER_PATIENCE, HEADER_STORE_ID, HEADER_STORE_REVISION } from '@mesh/kds';
import { DeltaDiscoveryRequestSchema, DeltaDiscoveryResponseSchema } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';

const FUTURE_KIND = 'MeshOfTheFuture';
const TO_ZONE = '/kuma.mesh.v1alpha1.KDSSyncService/GlobalToZoneSync';
const TO_GLOBAL = '/kuma.mesh.v1alpha1.KDSSyncService/ZoneToGlobalSync';
const OUR_HEADERS = [HEADER_STORE_ID, HEADER_STORE_REVISION, HEADER_PATIENCE];
type End = 'zone' | 'global';
type Send = (bytes: Buffer) => unknown;

export interface OtherVersionOptions {
  /** KDS port of the global, without TLS. */
  readonly global: number;
  /** Which end is of another version. */
  readonly end: End;
  /** `older`: names no features and no identity; `newer`: names more features, and speaks of a kind nobody here knows. */
  readonly is: 'older' | 'newer';
}

/**
 * Between a real zone and a real global: makes one of them look to the other as one of another version does. Methods for questions
 * about proxies, and ours, are unknown here, as they are to old globals.
 */
export class OtherVersion {
  /** What the end of this version answered about the unknown kind: to one that asks for it, and to one that sends it. */
  readonly answers = new Set<'response' | 'acknowledged' | 'refused'>();
  private readonly server = new Server();
  private readonly client: Client;
  private bound = 0;

  private constructor(private readonly options: OtherVersionOptions) {
    this.client = new Client(`127.0.0.1:${options.global}`, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
    for (const path of [TO_ZONE, TO_GLOBAL])
      this.server.register(path, (call: ServerDuplexStream<Buffer, Buffer>) => this.pass(path, call), same, same, 'bidi');
  }

  static async start(options: OtherVersionOptions): Promise<OtherVersion> {
    const made = new OtherVersion(options);
    made.bound = await new Promise<number>((resolve, reject) => {
      made.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port)));
    });
    return made;
  }

  /** What the zone is to dial. */
  get port(): number {
    return this.bound;
  }

  async stop(): Promise<void> {
    this.client.close();
    this.server.forceShutdown();
  }

  private pass(path: string, near: ServerDuplexStream<Buffer, Buffer>): void {
    const { end } = this.options;
    const headers = near.metadata.clone();
    if (end === 'zone') this.disguiseHeaders(headers);
    const far = this.client.makeBidiStreamRequest(path, same, same, headers);
    const write: Record<End, Send> = { zone: (bytes) => near.write(bytes), global: (bytes) => far.write(bytes) };
    const other = end === 'zone' ? write.global : write.zone;
    const asks = (path === TO_ZONE) === (end === 'zone');
    const out = this.toOther(asks, other);
    const back = this.fromOther(asks, { own: write[end], other });
    far.on('metadata', (answered: Metadata) => {
      if (end === 'global') this.disguiseHeaders(answered);
      near.sendMetadata(answered);
    });
    near.on('data', end === 'zone' ? out : back);
    far.on('data', end === 'zone' ? back : out);
    far.on('error', (error) => near.emit('error', error));
    far.on('end', () => near.end());
    near.on('end', () => far.end());
    near.on('cancelled', () => far.cancel());
    near.on('error', () => far.cancel());
  }

  /** Messages of the end of the other version; behind the first one comes what it alone knows. */
  private toOther(asks: boolean, send: Send): Send {
    let isFirst = true;
    return (bytes) => {
      send(asks ? this.disguiseRequest(bytes) : bytes);
      if (isFirst && this.options.is === 'newer') send(asks ? futureRequest({ resourceNamesSubscribe: ['*'] }) : futureResponse());
      isFirst = false;
    };
  }

  /** Messages of the end of this version; those about the unknown kind are kept here. */
  private fromOther(asks: boolean, { own, other }: { own: Send; other: Send }): Send {
    return (bytes) => {
      if (asks) {
        const { typeUrl, nonce } = fromBinary(DeltaDiscoveryResponseSchema, bytes);
        if (typeUrl !== FUTURE_KIND) return own(bytes);
        this.answers.add('response');
        return other(futureRequest({ responseNonce: nonce }));
      }
      const { typeUrl, errorDetail } = fromBinary(DeltaDiscoveryRequestSchema, bytes);
      if (typeUrl !== FUTURE_KIND) return own(bytes);
      return this.answers.add(errorDetail ? 'refused' : 'acknowledged');
    };
  }

  private disguiseHeaders(headers: Metadata): void {
    if (this.options.is === 'newer') return headers.add('features', 'from-the-future');
    for (const name of ['features', ...OUR_HEADERS]) headers.remove(name);
  }

  private disguiseRequest(bytes: Buffer): Buffer {
    const request = fromBinary(DeltaDiscoveryRequestSchema, bytes);
    const metadata = request.node?.metadata;
    if (!metadata) return bytes;
    const isNewer = this.options.is === 'newer';
    metadata['features'] = isNewer ? [...(metadata['features'] as string[]), 'from-the-future'] : [];
    metadata['version'] = { kumaCp: { version: isNewer ? '99.0.0' : '0.1.0' }, ...(isNewer ? { future: {} } : {}) };
    return Buffer.from(toBinary(DeltaDiscoveryRequestSchema, request));
  }
}

const same = (bytes: Buffer): Buffer => bytes;

function futureRequest(fields: { resourceNamesSubscribe?: string[]; responseNonce?: string }): Buffer {
  const request = create(DeltaDiscoveryRequestSchema, { ...fields, node: { id: 'other' }, typeUrl: FUTURE_KIND });
  return Buffer.from(toBinary(DeltaDiscoveryRequestSchema, request));
}

function futureResponse(): Buffer {
  const resources = [
    { name: 'one.default', version: '1', resource: { typeUrl: 'type.googleapis.com/of.the.Future', value: Buffer.from('future') } },
  ];
  const response = create(DeltaDiscoveryResponseSchema, {
    typeUrl: FUTURE_KIND,
    nonce: 'future',
    resources,
    removedResources: ['gone.default'],
  });
  return Buffer.from(toBinary(DeltaDiscoveryResponseSchema, response));
}
