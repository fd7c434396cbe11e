import { connect } from 'node:http2';

/** How a server ended a gRPC stream; undefined status: it never said. */
export interface GrpcEnding {
  readonly status: string | undefined;
  readonly message: string;
}

export interface GrpcCallOptions {
  /** Such as `https://127.0.0.1:5685`; the certificate is not checked. */
  readonly origin: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** One message, as protobuf bytes. */
  readonly message: Uint8Array;
}

/** Sends one message on a stream that stays open, and returns what the server ends it with. */
export function grpcCall({ origin, method, headers = {}, message }: GrpcCallOptions): Promise<GrpcEnding> {
  return new Promise((resolve, reject) => {
    const session = connect(origin, { rejectUnauthorized: false });
    session.on('error', reject);
    const stream = session.request({ ':method': 'POST', ':path': method, 'content-type': 'application/grpc', te: 'trailers', ...headers });
    let status: string | undefined;
    let text = '';
    const note = (fields: Record<string, unknown>) => {
      status ??= fields['grpc-status'] as string | undefined;
      text ||= decodeURIComponent(String(fields['grpc-message'] ?? ''));
      // The server may leave its side half open until the client has ended, too.
      if (status !== undefined) stream.close();
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('data', () => {});
    stream.on('error', () => {});
    stream.on('close', () => {
      session.close();
      resolve({ status, message: text });
    });
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    stream.write(Buffer.concat([head, message]));
  });
}
