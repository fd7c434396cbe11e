import { setTimeout as delay } from 'node:timers/promises';
import { type DeliveryState, newInstance, type ProxyXds, proxyAuthenticator, xdsMetrics } from '@mesh/control-plane/proxies';
import { type ControlPlane, MeshError, messageOf, type Runner, systemClock } from '@mesh/core';
import { type AdsHandler, createXdsServer } from '@mesh/grpc';
import { policyKinds } from '@mesh/policies';
import { type ServiceOptions, serverCertificate, tlsBounds } from '@mesh/runtime';
import { connectControlPlane } from '@mesh/service-client';
import { AvailableServices } from './available-services.js';
import { ControlPlaneWriter } from './control-plane-writer.js';
import { ingressXds } from './ingress-xds.js';

/**
 * What zone proxies are made of. Secrets of meshes too: an egress shows a certificate of each mesh,
 * and dials external services with the certificates that lie there.
 */
const KINDS: readonly string[] = [
  'Mesh',
  'Dataplane',
  'ZoneIngress',
  'ZoneEgress',
  'ExternalService',
  'Config',
  'ServiceInsight',
  'ZoneIngressInsight',
  'ZoneEgressInsight',
  'GlobalSecret',
  'Secret',
  ...policyKinds.map((policy) => policy.kind),
];
const RETRY_MS = 500;

/** The ingress manager: xDS for zone ingresses and egresses, and what the zone offers to others. */
export class IngressRunner implements Runner {
  readonly name = 'ingress-manager';
  private readonly stops: (() => Promise<void> | void)[] = [];
  private readonly stopping = new AbortController();
  private readonly instance = newInstance();
  private xds: ProxyXds | undefined;
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

  /** Resolves once the port is open. Proxies are served from the first complete view on, however long that takes. */
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
    const { log, health } = this.options;
    const { controlPlane, close } = await connectControlPlane(this.options, { log, kinds: KINDS });
    this.stops.push(close);
    this.port = await this.listen();
    const check = health.register('ingress-manager', () => (this.xds ? undefined : 'the state of the zone is not there yet'));
    this.stops.push(() => check.unregister());
    const serving = this.serve(controlPlane);
    if (this.options.controlPlane) await serving;
    else serving.catch((error: unknown) => log.error({ error: messageOf(error) }, 'zone proxies cannot be served'));
  }

  /** Waits for the state of the zone, then serves its proxies. */
  private async serve(controlPlane: ControlPlane): Promise<void> {
    const { config, log, metrics } = this.options;
    const { view } = controlPlane;
    const zone = await this.zoneOf(controlPlane);
    if (zone === undefined) return;
    const writer = new ControlPlaneWriter(controlPlane);
    const xds = ingressXds({
      config,
      zone,
      view,
      clock: systemClock,
      log,
      metrics: xdsMetrics(metrics),
      instanceId: this.instance.id,
      writer,
      authenticate: proxyAuthenticator({ config, view, clock: systemClock, zone }),
    });
    this.xds = xds;
    xds.start();
    this.stops.push(() => xds.stop());
    const services = new AvailableServices({ view, zone, writer, log });
    services.start();
    this.stops.push(() => services.stop());
    this.announce(controlPlane);
    void controlPlane.reportDeliveries(xds.deliveries, this.stopping.signal);
    log.info({ zone, port: this.port }, 'serving zone proxies');
  }

  /** Name of the zone, once its control plane told the whole state; undefined where this service stops first. */
  private async zoneOf(controlPlane: ControlPlane): Promise<string | undefined> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await controlPlane.view.waitFor(0, signal);
        return (await controlPlane.info()).zone;
      } catch (error) {
        this.options.log.debug({ error: messageOf(error) }, 'the control plane did not say which zone this is; asking again');
        await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
    return undefined;
  }

  private async listen(): Promise<number> {
    const { config, log } = this.options;
    const { tlsCertFile: certFile, tlsKeyFile: keyFile, readHeaderTimeout, gracefulShutdownTimeout } = config.dpServer;
    const pair = await serverCertificate(config, { certFile, keyFile });
    // Zone proxies are few: this process serves them all.
    const server = createXdsServer({
      tls: { ...pair, ...tlsBounds(config.dpServer) },
      handler: this.handler(),
      controlPlaneId: this.instance.id,
      headersTimeoutMs: readHeaderTimeout,
      http: (req, res) => {
        req.resume();
        res.writeHead(404).end();
      },
      log,
    });
    const wanted = config.ingressManager.xdsPort;
    const port = await server.listen({ port: wanted }).catch((cause: unknown) => {
      const text = `cannot listen on port ${wanted} (KUMA_INGRESS_MANAGER_XDS_PORT): ${messageOf(cause)}`;
      throw new MeshError('unavailable', { public: text, cause });
    });
    this.stops.push(() => server.close(gracefulShutdownTimeout));
    return port;
  }

  private handler(): AdsHandler {
    return {
      connect: async (open) => {
        if (this.xds) return this.xds.handler.connect(open);
        throw new MeshError('unavailable', { public: 'the state of the zone is not there yet, try again later' });
      },
    };
  }

  /** Bootstraps of zone proxies name this server from now on; the port announces again after interruptions. */
  private announce(controlPlane: ControlPlane): void {
    const { address, advertisedPort } = this.options.config.ingressManager;
    const announcement = { service: 'zone-proxy-xds', host: address, port: advertisedPort || this.port } as const;
    const { signal } = this.stopping;
    controlPlane.announce(announcement, signal).catch((error: unknown) => {
      if (!signal.aborted) this.options.log.error({ error: messageOf(error) }, 'the xDS address could not be announced');
    });
  }
}
