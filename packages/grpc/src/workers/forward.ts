import { Client, credentials, Metadata, type Server, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { rawMethod } from '../definition.js';

const same = (bytes: Buffer) => bytes;

export interface ForwardOptions {
  /** Paths of bidirectional methods. */
  readonly methods: readonly string[];
  /** Unix socket behind which they are served, without TLS. */
  readonly socketPath: string;
}

/** Passes streams on to another process, message by message and with their authorization; how they end there they end here. */
export function forwardMethods(server: Server, { methods, socketPath }: ForwardOptions): void {
  if (methods.length === 0) return;
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure(), { 'grpc.max_receive_message_length': -1 });
  for (const path of methods) server.addService({ [path]: rawMethod(path) }, { [path]: (call: Call) => forward(call, path, client) });
}

type Call = ServerDuplexStream<Buffer, Buffer>;

function forward(call: Call, path: string, client: Client): void {
  const metadata = new Metadata();
  for (const value of call.metadata.get('authorization')) metadata.add('authorization', value);
  const inner = client.makeBidiStreamRequest(path, same, same, metadata);
  call.pipe(writable(inner));
  inner.pipe(writable(call), { end: false });
  // The status says the same, and more.
  inner.on('error', () => {});
  inner.on('status', ({ code, details }) => {
    if (code === status.OK) call.end();
    else call.emit('error', { code, details });
  });
  call.on('cancelled', () => inner.cancel());
}

/** The types of grpc-js know streams of objects less well than Node does. */
function writable(stream: object): NodeJS.WritableStream {
  return stream as NodeJS.WritableStream;
}
