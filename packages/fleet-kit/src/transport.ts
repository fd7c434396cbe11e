import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';

export interface TransportOptions {
  readonly host: string;
  readonly port: number;
  /** PEM to trust; without it every certificate is accepted. */
  readonly ca: string | undefined;
  /** 1, as with Envoy, is a connection for each proxy. */
  readonly streamsPerConnection: number;
}

/** What happens on a stream. */
export interface StreamEvents {
  /** The connection stands and the call is on its way: what is sent before is lost. */
  onOpened(): void;
  /** A gRPC message. Its bytes are not used again by the transport. */
  onMessage(bytes: Buffer): void;
  /** Once, however it ended. `reason` holds the status where the server gave one. */
  onClosed(reason: string): void;
}

/** A bidirectional gRPC call. */
export interface XdsStream {
  send(message: Uint8Array): void;
  close(): void;
}

interface Shared {
  readonly session: ClientHttp2Session;
  streams: number;
}

const SERVICE = '/envoy.service.discovery.v3.AggregatedDiscoveryService';
/** So that a large push is never held back by the receiver. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** gRPC over raw HTTP/2 sessions: as little per stream as Node allows, for thousands of them. */
export class Transport {
  private readonly context: SecureContext;
  private readonly shared = new Set<Shared>();

  constructor(private readonly options: TransportOptions) {
    this.context = createSecureContext(options.ca === undefined ? {} : { ca: options.ca });
  }

  /** Opens an ADS call; it connects first where no connection has room. */
  open(variant: 'sotw' | 'delta', authorization: string | undefined, events: StreamEvents): XdsStream {
    if (this.options.streamsPerConnection > 1) return this.call(this.connectionWithRoom(), { variant, authorization, events });
    const { host, port } = this.options;
    // Nothing is made for a connection that is refused: thousands dial again and again while a control plane is away.
    return new Dialled(connectTcp({ host, port }), events, (socket) => this.call(this.add(socket), { variant, authorization, events }));
  }

  private call(connection: Shared, { variant, authorization, events }: Call): XdsStream {
    connection.streams += 1;
    const call = connection.session.request({
      ':method': 'POST',
      ':path': `${SERVICE}/${variant === 'delta' ? 'DeltaAggregatedResources' : 'StreamAggregatedResources'}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(authorization === undefined ? {} : { authorization }),
    });
    const release = () => {
      connection.streams -= 1;
      if (connection.streams > 0) return;
      this.shared.delete(connection);
      connection.session.close();
    };
    const onClosed = (reason: string) => {
      release();
      events.onClosed(reason);
    };
    return new GrpcCall(call, { ...events, onClosed });
  }

  /** Cuts every connection. */
  destroy(): void {
    for (const { session } of this.shared) session.destroy();
  }

  private connectionWithRoom(): Shared {
    for (const connection of this.shared) {
      const { session, streams } = connection;
      if (streams < this.options.streamsPerConnection && !session.closed && !session.destroyed) return connection;
    }
    return this.add();
  }

  /** A new connection, over a socket that is connected where one is given. */
  private add(socket?: Socket): Shared {
    const connection = { session: this.connect(socket), streams: 0 };
    this.shared.add(connection);
    connection.session.once('close', () => this.shared.delete(connection));
    return connection;
  }

  private connect(socket?: Socket): ClientHttp2Session {
    const { host, port, ca } = this.options;
    const to = socket ? { socket } : { host, port };
    const session = connectHttp2(`https://${host}:${port}`, {
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
      createConnection: () =>
        connectTls({ ...to, ALPNProtocols: ['h2'], secureContext: this.context, rejectUnauthorized: ca !== undefined }),
    });
    session.once('connect', () => {
      // Whoever wanted the connection may have gone by then.
      if (!session.destroyed) session.setLocalWindowSize(WINDOW_BYTES);
    });
    // The streams tell; without a listener the process would end.
    session.on('error', () => {});
    return session;
  }
}

interface Call {
  readonly variant: 'sotw' | 'delta';
  readonly authorization: string | undefined;
  readonly events: StreamEvents;
}

/** A stream whose connection is on its way. */
class Dialled implements XdsStream {
  private stream: XdsStream | undefined;

  constructor(
    private readonly socket: Socket,
    events: StreamEvents,
    open: (socket: Socket) => XdsStream,
  ) {
    let reason = '';
    const refused = (error: Error) => (reason = error.message);
    const closed = () => events.onClosed(reason);
    socket.once('error', refused);
    socket.once('close', closed);
    socket.once('connect', () => {
      // From here on the call tells.
      socket.off('error', refused).off('close', closed);
      this.stream = open(socket);
    });
  }

  send(message: Uint8Array): void {
    this.stream?.send(message);
  }

  close(): void {
    if (this.stream) this.stream.close();
    else this.socket.destroy();
  }
}

class GrpcCall implements XdsStream {
  private rest: Buffer = Buffer.alloc(0);
  private reason = '';

  constructor(
    private readonly call: ClientHttp2Stream,
    events: StreamEvents,
  ) {
    call.once('ready', () => events.onOpened());
    call.on('data', (chunk: Buffer) => this.receive(chunk, events));
    call.on('response', (headers) => this.note(headers));
    call.on('trailers', (headers) => this.note(headers));
    call.on('error', (error) => (this.reason ||= error.message));
    // As Envoy does: the server has said its last word, and a half that stays open would keep the connection, and a server that stops.
    call.once('end', () => call.close());
    call.once('close', () => events.onClosed(this.reason));
  }

  send(message: Uint8Array): void {
    if (this.call.destroyed || this.call.closed) return;
    const frame = Buffer.allocUnsafe(5 + message.length);
    frame[0] = 0;
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, 5);
    this.call.write(frame);
  }

  close(): void {
    this.call.close();
  }

  private note(headers: Record<string, unknown>): void {
    const status = headers['grpc-status'];
    if (status !== undefined) this.reason = `grpc-status ${String(status)} ${String(headers['grpc-message'] ?? '')}`.trim();
  }

  private receive(chunk: Buffer, events: StreamEvents): void {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    while (this.rest.length >= 5) {
      const end = 5 + this.rest.readUInt32BE(1);
      if (this.rest.length < end) return;
      const message = this.rest.subarray(5, end);
      this.rest = this.rest.subarray(end);
      events.onMessage(message);
    }
  }
}
