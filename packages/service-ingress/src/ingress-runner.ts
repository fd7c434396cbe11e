import { type DeliveryState, newInstance, proxyAuthenticator, xdsMetrics } from '@mesh/control-plane/proxies';
import { type ControlPlane, MeshError, messageOf, type Runner, systemClock } from '@mesh/core';
import { addAdsService, createGrpcServer, createMuxServer } from '@mesh/grpc';
import { type ServiceOptions, serverCertificate, tlsBounds } from '@mesh/runtime';
import { AvailableServices } from './available-services.js';
import { connectControlPlane } from './connect.js';
import { ControlPlaneWriter } from './control-plane-writer.js';
import { IngressXds } from './ingress-xds.js';

/** The ingress manager: xDS for zone ingresses and egresses, and what the zone offers to others. */
export class IngressRunner implements Runner {
  readonly name = 'ingress-manager';
  private readonly stops: (() => Promise<void> | void)[] = [];
  private readonly stopping = new AbortController();
  private xds: IngressXds | undefined;
  private port = 0;

  constructor(private readonly options: ServiceOptions) {}

  /** Port of the xDS server; 0 before `start`. */
  get xdsPort(): number {
    return this.port;
  }

  /** Which revision each connected zone proxy was given and has accepted, by `keyString` of its resource. */
  get deliveries(): ReadonlyMap<string, DeliveryState> {
    return this.xds?.engine.deliveries() ?? new Map();
  }

  async start(): Promise<void> {
    try {
      await this.startParts();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    for (let stop = this.stops.pop(); stop; stop = this.stops.pop()) {
      await Promise.resolve(stop()).catch((error: unknown) =>
        this.options.log.warn({ error: messageOf(error) }, 'a part did not stop cleanly'),
      );
    }
  }

  private async startParts(): Promise<void> {
    const { config, log, metrics, health } = this.options;
    const { controlPlane, close } = await connectControlPlane(this.options, this.stopping.signal);
    this.stops.push(close);
    const { view } = controlPlane;
    const { zone } = await controlPlane.info();
    const instance = newInstance();
    const writer = new ControlPlaneWriter(controlPlane);
    const authenticate = proxyAuthenticator({ config, view, clock: systemClock });
    const xds = new IngressXds({
      config,
      zone,
      view,
      clock: systemClock,
      log,
      metrics: xdsMetrics(metrics),
      instanceId: instance.id,
      writer,
      authenticate,
    });
    this.xds = xds;
    xds.start();
    this.stops.push(() => xds.stop());
    const services = new AvailableServices({ view, zone, writer, log });
    services.start();
    this.stops.push(() => services.stop());
    this.port = await this.listen(xds, instance.id);
    this.announce(controlPlane);
    const check = health.register('ingress-manager', () => (this.port === 0 ? 'starting' : undefined));
    this.stops.push(() => check.unregister());
  }

  private async listen(xds: IngressXds, instanceId: string): Promise<number> {
    const { config, log } = this.options;
    const grpc = createGrpcServer();
    addAdsService(grpc, xds.handler, {
      controlPlaneId: instanceId,
      onError: (error) => log.error({ error: messageOf(error) }, 'an xDS stream failed'),
    });
    const { tlsCertFile: certFile, tlsKeyFile: keyFile, gracefulShutdownTimeout } = config.dpServer;
    const pair = await serverCertificate(config, { certFile, keyFile });
    const server = createMuxServer({
      ...pair,
      ...tlsBounds(config.dpServer),
      http: (req, res) => {
        req.resume();
        res.writeHead(404).end();
      },
      grpc,
    });
    const wanted = config.ingressManager.xdsPort;
    const port = await server.listen({ port: wanted }).catch((cause: unknown) => {
      const text = `cannot listen on port ${wanted} (KUMA_INGRESS_MANAGER_XDS_PORT): ${messageOf(cause)}`;
      throw new MeshError('unavailable', { public: text, cause });
    });
    this.stops.push(() => server.close(gracefulShutdownTimeout));
    log.info({ port }, 'serving zone proxies');
    return port;
  }

  /** Bootstraps of zone proxies name this server from now on; the port announces again after interruptions. */
  private announce(controlPlane: ControlPlane): void {
    const announcement = { service: 'zone-proxy-xds', host: this.options.config.ingressManager.address, port: this.port } as const;
    const announcing = new AbortController();
    controlPlane.announce(announcement, announcing.signal).catch((error: unknown) => {
      if (!announcing.signal.aborted) this.options.log.error({ error: messageOf(error) }, 'the xDS address could not be announced');
    });
    this.stops.push(() => announcing.abort());
  }
}
