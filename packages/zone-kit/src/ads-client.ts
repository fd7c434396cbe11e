import { create, fromBinary, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';

export interface AdsClientOptions {
  readonly port: number;
  readonly ca: string;
  readonly nodeId: string;
  readonly token: string;
  readonly proxyType?: string;
  readonly inline?: object | undefined;
}

const PATH = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';
const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';

/** An ADS client that asks for clusters once: enough to be let in, or not. */
export class AdsClient {
  /** How the stream ended. */
  readonly ended: Promise<Pick<ServiceError, 'code' | 'details'>>;
  readonly firstResponse: Promise<DiscoveryResponse>;

  private constructor(
    private readonly client: Client,
    private readonly stream: ClientDuplexStream<Buffer, Buffer>,
  ) {
    this.ended = new Promise((resolve) => {
      stream.once('error', (error: ServiceError) => resolve(error));
      stream.once('end', () => resolve({ code: 0, details: '' }));
    });
    this.firstResponse = new Promise((resolve, reject) => {
      stream.on('data', (bytes: Buffer) => resolve(fromBinary(DiscoveryResponseSchema, bytes)));
      stream.once('error', reject);
    });
    this.firstResponse.catch(() => {});
  }

  static connect(options: AdsClientOptions): AdsClient {
    const client = new Client(`127.0.0.1:${options.port}`, credentials.createSsl(Buffer.from(options.ca)));
    const headers = new Metadata();
    if (options.token !== '') headers.set('authorization', options.token);
    const same = (bytes: Buffer) => bytes;
    const stream = client.makeBidiStreamRequest<Buffer, Buffer>(PATH, same, same, headers);
    const ads = new AdsClient(client, stream);
    const metadata: JsonObject = {
      'dataplane.proxyType': options.proxyType ?? 'dataplane',
      ...(options.inline ? { 'dataplane.resource': JSON.stringify(options.inline) } : {}),
    };
    const first = create(DiscoveryRequestSchema, { node: { id: options.nodeId, metadata }, typeUrl: CLUSTER });
    stream.write(Buffer.from(toBinary(DiscoveryRequestSchema, first)));
    return ads;
  }

  close(): void {
    this.stream.cancel();
    this.client.close();
  }
}
