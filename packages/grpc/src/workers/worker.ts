import { connect as connectUnix, type Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Duplex, pipeline } from 'node:stream';
import { type SecureVersion, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { type Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { addAdsService } from '../ads/service.js';
import { createTlsFront, OpenSockets } from '../mux/tls-front.js';
import { createGrpcServer, PROXY_KEEPALIVE } from '../server.js';
import { forwardMethods } from './forward.js';
import { MainLink, type WorkerOrder } from './main-link.js';
import type { WorkerSettings, WorkerUsage } from './messages.js';

type Injector = ReturnType<GrpcServer['createConnectionInjector']>;

/** What a worker is, once it was told what to serve. */
interface Serving {
  readonly tls: TlsServer;
  readonly injector: Injector;
}

/** How often the delay of the event loop is looked at, in milliseconds; as prom-client does. */
const loopDelayResolutionMs = 10;

/**
 * A process that serves streams for another one: it does TLS, HTTP/2, gRPC and the protocol state of the connections it is
 * handed, and has everything else decided by the main process. Plain HTTP goes back to the main process as it is.
 */
export class StreamWorker {
  private readonly link: MainLink;
  private readonly sockets = new OpenSockets();
  private readonly loopDelay = monitorEventLoopDelay({ resolution: loopDelayResolutionMs });
  private serving: Serving | undefined;
  private arrived = 0;
  private ended = 0;
  private draining = false;

  /** @param exit called when the main process is gone, or everything was drained. */
  constructor(
    main: Duplex,
    private readonly exit: () => void,
  ) {
    this.link = new MainLink(main, { onOrder: (order) => this.obey(order), onClosed: exit });
    this.loopDelay.enable();
  }

  /** Serves a connection of which nothing was read; undefined for one that broke on its way here. */
  take(socket: Socket | undefined): void {
    const { serving } = this;
    if (!socket || !serving || this.draining) {
      socket?.destroy();
      this.count(1, 1);
      return;
    }
    this.count(1, 0);
    this.sockets.add(socket, () => {
      this.count(0, 1);
      this.exitIfDrained();
    });
    serving.tls.emit('connection', socket);
  }

  /** Tells the main process of something that nobody caught. */
  failed(error: unknown): void {
    this.link.send(['failed', error instanceof Error ? (error.stack ?? error.message) : String(error)]);
  }

  private obey(order: WorkerOrder): void {
    switch (order[0]) {
      case 'start':
        this.serving = this.serve(order[1]);
        return this.link.send(['ready']);
      case 'ping':
        return this.link.send(['pong']);
      case 'usage':
        return this.link.send(['usage', order[1], this.usage()]);
      case 'drain':
        return this.drain(order[1]);
    }
  }

  private serve(settings: WorkerSettings): Serving {
    const { controlPlaneId, forwarded, ticketKeys, minVersion, maxVersion } = settings;
    const grpc = createGrpcServer(PROXY_KEEPALIVE);
    addAdsService(grpc, this.link, { controlPlaneId, onError: (error) => this.failed(error) });
    forwardMethods(grpc, { methods: forwarded, socketPath: settings.grpc });
    const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
    const tls = createTlsFront(
      {
        ...settings,
        minVersion: minVersion as SecureVersion | undefined,
        maxVersion: maxVersion as SecureVersion | undefined,
        ticketKeys: Buffer.from(ticketKeys),
      },
      { http: (socket) => passOn(socket, settings.http), grpc: (socket) => injector.injectConnection(socket) },
    );
    return { tls, injector };
  }

  private count(arrived: number, ended: number): void {
    if (this.arrived === 0 && this.ended === 0) {
      setImmediate(() => {
        this.link.send(['connections', this.arrived, this.ended]);
        this.arrived = 0;
        this.ended = 0;
      });
    }
    this.arrived += arrived;
    this.ended += ended;
  }

  private usage(): WorkerUsage {
    const { user, system } = process.cpuUsage();
    const loopDelayP99Seconds = this.loopDelay.count > 0 ? this.loopDelay.percentile(99) / 1e9 : 0;
    this.loopDelay.reset();
    return {
      connections: this.sockets.count,
      ...this.link.counts,
      cpuSeconds: (user + system) / 1e6,
      residentBytes: process.memoryUsage.rss(),
      loopDelayP99Seconds,
    };
  }

  private drain(graceMs: number): void {
    this.draining = true;
    this.serving?.injector.drain(graceMs);
    setTimeout(() => this.sockets.destroyAll(), graceMs);
    this.exitIfDrained();
  }

  private exitIfDrained(): void {
    if (this.draining && this.sockets.count === 0) this.exit();
  }
}

/** Lets the main process speak HTTP on a connection whose TLS ends here. */
function passOn(socket: TLSSocket, path: string): void {
  const inner = connectUnix(path);
  pipeline(socket, inner, () => {});
  pipeline(inner, socket, () => {});
}
