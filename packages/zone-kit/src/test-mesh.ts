import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePorts } from './ports.js';
import { get, Sidecar } from './sidecar.js';
import { waitFor, Zone, type ZoneServiceModule } from './zone.js';

/** A Mesh with mTLS from a builtin CA. */
export const MTLS_MESH = {
  type: 'Mesh',
  name: 'default',
  mtls: { enabledBackend: 'ca-1', backends: [{ name: 'ca-1', type: 'builtin' }] },
};

export const ALLOW_ALL = {
  type: 'TrafficPermission',
  mesh: 'default',
  name: 'allow-all',
  sources: [{ match: { 'kuma.io/service': '*' } }],
  destinations: [{ match: { 'kuma.io/service': '*' } }],
};

export interface StartedWorkload {
  readonly server: Server;
  readonly port: number;
}

/** A workload that answers with the client certificate its proxy saw. */
export async function startWorkload(port = 0): Promise<StartedWorkload> {
  const server = createServer((req: IncomingMessage, res) => res.end(String(req.headers['x-forwarded-client-cert'] ?? 'plain')));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** A zone with sidecars, all ended by `stop`. */
export class TestMesh {
  private readonly sidecars = new Set<Sidecar>();
  private readonly servers = new Set<Server>();

  private constructor(
    readonly zone: Zone,
    private readonly features: readonly string[],
  ) {}

  static async start(module: ZoneServiceModule, features: readonly string[] = []): Promise<TestMesh> {
    return new TestMesh(await Zone.start(module), features);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sidecars].map((sidecar) => this.stopSidecar(sidecar)));
    for (const server of this.servers) server.close();
    await this.zone.stop();
  }

  async stopSidecar(sidecar: Sidecar): Promise<void> {
    this.sidecars.delete(sidecar);
    await sidecar.stop();
  }

  async workload(port?: number): Promise<number> {
    const { server, port: bound } = await startWorkload(port);
    this.servers.add(server);
    return bound;
  }

  /** Starts a sidecar at 127.0.0.1. */
  async sidecar(name: string, networking: object): Promise<Sidecar> {
    const [port] = await freePorts(1);
    const document = { type: 'Dataplane', mesh: 'default', name, networking: { address: '127.0.0.1', admin: { port }, ...networking } };
    const { zone, features } = this;
    const sidecar = await Sidecar.start({ zone, name, document, token: await zone.token(name), features });
    this.sidecars.add(sidecar);
    return sidecar;
  }

  /** Two sidecars, `web` calling `backend` through the returned port. */
  async webAndBackend(): Promise<{ web: Sidecar; backend: Sidecar; outPort: number }> {
    const [inPort = 0, webPort = 0, outPort = 0] = await freePorts(3);
    const tags = (service: string) => ({ 'kuma.io/service': service, 'kuma.io/protocol': 'http' });
    const servicePort = await this.workload();
    const backend = await this.sidecar('backend-1', { inbound: [{ port: inPort, servicePort, tags: tags('backend') }] });
    const web = await this.sidecar('web-1', {
      inbound: [{ port: webPort, servicePort, tags: tags('web') }],
      outbound: [{ port: outPort, tags: { 'kuma.io/service': 'backend' } }],
    });
    await backend.listening(inPort);
    await web.listening(outPort);
    await waitFor(
      async () => (await get({ port: outPort, path: '/' }).catch(() => undefined))?.status === 200,
      'the first request to pass',
    );
    return { web, backend, outPort };
  }
}
