import type { JsonObject } from '@bufbuild/protobuf';
import type { Fleet } from './fleet.js';
import { dataplaneDocument } from './topology.js';
import type { Arrival } from './watch.js';
import { TYPES } from './wire/types.js';

/** Writes through the REST API whose arrival at the proxies is measured. */
export class FleetWrites {
  /** Starts anywhere: a run must not write what an earlier one left behind. */
  private change = Math.floor(Math.random() * 10_000);
  private readonly written = new Set<string>();

  /** @param apiUrl for example `http://127.0.0.1:5681`. */
  constructor(
    private readonly fleet: Fleet,
    private readonly apiUrl: string,
  ) {}

  /** Moves one endpoint of a service, one that is no proxy of the fleet, and waits until all callers know. */
  async changeEndpoint(service: string): Promise<Arrival> {
    const { fleet } = this;
    const port = 20_000 + (this.nextChange() % 10_000);
    const address = '10.255.255.1';
    fleet.expectEndpoint(service, `${address}:${port}`);
    const name = `fleet-extra-${service}`;
    const document = dataplaneDocument(fleet.options.mesh, { name, service, address, port, outbounds: [] });
    return this.measure(`/meshes/${fleet.options.mesh}/dataplanes/${name}`, document, {
      proxies: fleet.callersOf(service),
      lacks: (proxy) => fleet.lacksEndpoints(proxy, [service]),
    });
  }

  /** Changes a timeout of the whole mesh and waits until every proxy has it on every cluster it calls. */
  async changePolicy(): Promise<Arrival> {
    const { fleet } = this;
    const seconds = 6 + (this.nextChange() % 50);
    const { mesh } = fleet.options;
    const document = {
      type: 'MeshTimeout',
      mesh,
      name: 'fleet',
      spec: { targetRef: { kind: 'Mesh' }, to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: `${seconds}s` } }] },
    };
    return this.measure(`/meshes/${mesh}/meshtimeouts/fleet`, document, {
      proxies: fleet.joined().filter(({ plan }) => plan.outbounds.length > 0),
      lacks: (proxy) => {
        const clusters = proxy.envoy.held(TYPES.cluster);
        const stale = proxy.plan.outbounds.find((service) => clusters.get(service)?.content.connectTimeoutMs !== seconds * 1000);
        return stale === undefined ? undefined : `the timeout of ${stale}`;
      },
    });
  }

  /** Takes back everything that was written. @throws Error where the API refuses. */
  async undo(): Promise<void> {
    for (const path of this.written) await request(this.apiUrl + path, 'DELETE');
    this.written.clear();
    this.fleet.expectOwnEndpointsOnly();
  }

  private nextChange(): number {
    this.change += 1;
    return this.change;
  }

  private async measure(
    path: string,
    document: JsonObject,
    what: Pick<Parameters<Fleet['arrival']>[0], 'proxies' | 'lacks'>,
  ): Promise<Arrival> {
    const arrival = this.fleet.arrival({ ...what, deadlineMs: this.fleet.options.deadlineMs });
    this.written.add(path);
    await request(this.apiUrl + path, 'PUT', document);
    return arrival;
  }
}

/** A token for every dataplane of a mesh; needs the API's administrator. @throws Error with status and body. */
export async function fleetToken(apiUrl: string, mesh: string): Promise<string> {
  return request(`${apiUrl}/tokens/dataplane`, 'POST', { mesh, validFor: '24h' });
}

async function request(url: string, method: string, body?: JsonObject): Promise<string> {
  const content = body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {};
  const response = await fetch(url, { method, ...content });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text;
}
