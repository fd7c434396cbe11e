import type { TwoZones } from '@mesh/lab-kit';
import { put } from './ledger.js';
import type { Traffic } from './traffic.js';

/** A change that carries a number, so that one sees which one has taken effect. */
export interface Change {
  readonly name: string;
  /** Whether the change was acknowledged. */
  write(value: number): Promise<boolean>;
  /** The newest number that has taken effect everywhere; 0 where none can be seen. */
  effective(): Promise<number>;
}

/** Names of the flows that show policies of the global, one in each zone. */
export const MARKED_FLOWS = ['web -> backend', 'billing -> backend'] as const;

/** A route of the global that sets a header in the requests of proxies in both zones. */
export function routeChange(lab: TwoZones, traffic: Traffic): Change {
  const rule = (value: number): object => ({
    matches: [{ path: { type: 'PathPrefix', value: '/' } }],
    default: { filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-marker', value: String(value) }] } }] },
  });
  return {
    name: 'route of the global in both zones',
    write: (value) =>
      put(lab.global.api, '/meshes/default/meshhttproutes/marker', {
        type: 'MeshHTTPRoute',
        mesh: 'default',
        name: 'marker',
        spec: { targetRef: { kind: 'Mesh' }, to: [{ targetRef: { kind: 'MeshService', name: 'backend' }, rules: [rule(value)] }] },
      }),
    effective: async () => Math.min(...MARKED_FLOWS.map((flow) => traffic.marker(flow) ?? 0)),
  };
}

interface ZoneIngresses {
  readonly items: readonly { readonly availableServices?: readonly { readonly tags: Readonly<Record<string, string>> }[] }[];
}

/** An instance in zone-2 whose tags zone-1 sees through the ingress of zone-2 and the global. */
export function endpointChange(lab: TwoZones): Change {
  return {
    name: 'endpoint of zone-2 in zone-1',
    write: (value) =>
      put(lab.zone2.api, '/meshes/default/dataplanes/marker', {
        type: 'Dataplane',
        mesh: 'default',
        name: 'marker',
        networking: {
          address: '127.0.0.9',
          inbound: [{ port: 9, tags: { 'kuma.io/service': 'marker', generation: String(value) } }],
        },
      }),
    effective: async () => {
      const ingresses = await lab.zone1.api.get<ZoneIngresses>('/zoneingresses').catch(() => undefined);
      const services = (ingresses?.items ?? []).flatMap((ingress) => ingress.availableServices ?? []);
      return Number(services.find(({ tags }) => tags['kuma.io/service'] === 'marker')?.tags['generation'] ?? 0);
    },
  };
}
