import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject } from '@bufbuild/protobuf';
import type { Fleet } from './fleet.js';
import { dataplaneDocument, ingressOf } from './topology.js';
import type { Arrival } from './watch.js';
import { TYPES } from './wire/types.js';

/** Where a fleet is written to, for example `http://127.0.0.1:5681`. */
export interface FleetApis {
  /** Of each zone, in order. */
  readonly zones: readonly string[];
  /** Takes policies of the whole mesh: the global's, or that of the only zone. */
  readonly policies: string;
}

/** Writes through the REST API whose arrival at the proxies is measured. */
export class FleetWrites {
  /** Starts anywhere: a run must not write what an earlier one left behind. */
  private change = Math.floor(Math.random() * 10_000);
  private readonly written = new Set<string>();

  constructor(
    private readonly fleet: Fleet,
    private readonly apis: FleetApis,
  ) {}

  /** Moves one endpoint of a service in a zone, one that is no proxy of the fleet, and waits until all callers there know. */
  async changeEndpoint(service: string, zone = 0): Promise<Arrival> {
    const { fleet } = this;
    const api = this.apis.zones[zone];
    if (api === undefined) throw new Error(`no API of zone ${zone}`);
    const port = 20_000 + (this.nextChange() % 10_000);
    const address = '10.255.255.1';
    fleet.expectEndpoint(zone, service, `${address}:${port}`);
    const name = `fleet-extra-${service}`;
    const document = dataplaneDocument(fleet.options.mesh, { name, service, address, port, outbounds: [] });
    return this.measure(`${api}/meshes/${fleet.options.mesh}/dataplanes/${name}`, document, {
      proxies: fleet.callersOf(service, zone),
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
    return this.measure(`${this.apis.policies}/meshes/${mesh}/meshtimeouts/fleet`, document, {
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
    for (const url of this.written) await request(url, 'DELETE');
    this.written.clear();
    this.fleet.expectOwnEndpointsOnly();
  }

  private nextChange(): number {
    this.change += 1;
    return this.change;
  }

  private async measure(
    url: string,
    document: JsonObject,
    what: Pick<Parameters<Fleet['arrival']>[0], 'proxies' | 'lacks'>,
  ): Promise<Arrival> {
    const arrival = this.fleet.arrival({ ...what, deadlineMs: this.fleet.options.deadlineMs });
    this.written.add(url);
    await request(url, 'PUT', document);
    return arrival;
  }
}

/** A token for every dataplane of a mesh; needs the API's administrator. @throws Error with status and body. */
export async function fleetToken(apiUrl: string, mesh: string): Promise<string> {
  return request(`${apiUrl}/tokens/dataplane`, 'POST', { mesh, validFor: '24h' });
}

/** Whether proxies reach services of other zones: not without mTLS (contract/dataplane.md §3.6). @throws Error with status and body. */
export async function hasMtls(apiUrl: string, mesh: string): Promise<boolean> {
  const { mtls } = JSON.parse(await request(`${apiUrl}/meshes/${mesh}`, 'GET')) as { mtls?: { enabledBackend?: string } };
  return (mtls?.enabledBackend ?? '') !== '';
}

/** Makes an ingress for each zone, with no proxy behind it. Returns their `address:port`, and what takes them back. */
export async function putIngresses(apiUrls: readonly string[]): Promise<{ advertised: string[]; undo(): Promise<void> }> {
  const ingresses = apiUrls.map((api, zone) => ({ ...ingressOf(zone), url: `${api}/zoneingresses/${ingressOf(zone).document.name}` }));
  for (const { url, document } of ingresses) await request(url, 'PUT', document);
  return {
    advertised: ingresses.map(({ advertised }) => advertised),
    undo: async () => {
      for (const { url } of ingresses) await request(url, 'DELETE');
    },
  };
}

/**
 * A closed connection and 503 are no answer yet, from a control plane that starts, nor is 408 to a process that a fleet kept from
 * sending in time: asked again for so long, of what can be repeated.
 */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 50;
const NO_ANSWERS: ReadonlySet<number> = new Set([408, 503]);

async function request(url: string, method: string, body?: JsonObject): Promise<string> {
  const content = body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {};
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await fetch(url, { method, ...content }).catch((error: Error) => error);
    const isOver = method === 'POST' || performance.now() > endMs;
    if (!(answer instanceof Error)) {
      const text = await answer.text();
      if (answer.ok) return text;
      if (!NO_ANSWERS.has(answer.status) || isOver) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
    } else if (isOver) {
      const { cause } = answer;
      throw new Error(`${method} ${url}: ${cause instanceof Error ? cause.message : answer.message}`, { cause: answer });
    }
    await delay(PAUSE_MS);
  }
}
