import { create, toBinary } from '@bufbuild/protobuf';
import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { HealthCheckRequestOrEndpointHealthResponseSchema, HealthCheckRequestSchema } from '@mesh/proto/envoy/service/health/v3/hds_pb.js';

const PATH = '/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck';

/** A client of the Health Discovery Service that asks what to probe, once. */
export class HdsClient {
  /** How the stream ended. */
  readonly ended: Promise<Pick<ServiceError, 'code' | 'details'>>;
  /** Resolves with the first probes. */
  readonly firstResponse: Promise<Buffer>;

  private constructor(stream: ClientDuplexStream<Buffer, Buffer>, onEnd: () => void) {
    this.ended = new Promise((resolve) => {
      stream.once('error', (error: ServiceError) => {
        onEnd();
        resolve(error);
      });
    });
    this.firstResponse = new Promise((resolve) => stream.on('data', resolve));
  }

  static connect(options: { readonly port: number; readonly ca: string; readonly nodeId: string; readonly token: string }): HdsClient {
    const client = new Client(`127.0.0.1:${options.port}`, credentials.createSsl(Buffer.from(options.ca)));
    const headers = new Metadata();
    headers.set('authorization', options.token);
    const same = (bytes: Buffer) => bytes;
    const stream = client.makeBidiStreamRequest<Buffer, Buffer>(PATH, same, same, headers);
    const value = create(HealthCheckRequestSchema, { node: { id: options.nodeId, metadata: { 'dataplane.proxyType': 'dataplane' } } });
    const first = create(HealthCheckRequestOrEndpointHealthResponseSchema, { requestType: { case: 'healthCheckRequest', value } });
    stream.write(Buffer.from(toBinary(HealthCheckRequestOrEndpointHealthResponseSchema, first)));
    return new HdsClient(stream, () => client.close());
  }
}
