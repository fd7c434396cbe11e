import { Relay, Traffic } from '@mesh/fault-kit';
import { type ControlPlaneHandle, probe, startTwoZones, type TwoZones, type TwoZonesOptions } from '@mesh/lab-kit';
import { BIN_DIR, envoyPath } from '../test/config.js';

const EDS = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';

/** Names of all dataplanes and ingresses that a global has. */
export async function proxiesOf({ api }: ControlPlaneHandle): Promise<string[]> {
  const lists = await Promise.all(['/dataplanes', '/zoneingresses'].map((path) => api.get<{ items: { name: string }[] }>(path)));
  return lists.flatMap((list) => list?.items.map(({ name }) => name) ?? []).sort();
}

/** Endpoint responses that the zone control plane has sent to its proxies so far. */
export async function endpointResponses({ processes }: ControlPlaneHandle): Promise<number> {
  const { spec } = processes.find(({ spec }) => spec.name.endsWith('.zone-cp')) ?? processes[0] ?? { spec: undefined };
  const metrics = await (await fetch(`http://127.0.0.1:${spec?.env['KUMA_DIAGNOSTICS_SERVER_PORT']}/metrics`)).text();
  const line = metrics.split('\n').find((each) => each.startsWith('xds_responses_sent{') && each.includes(EDS));
  if (!line) throw new Error('the zone control plane has sent no endpoints at all');
  return Number(line.split(' ').at(-1));
}

/** Two zones under steady requests, whose way to the global can be moved to another one. */
export interface Drill {
  readonly lab: TwoZones;
  readonly traffic: Traffic;
  /** Where the address that zones dial leads from now on. */
  leadTo(global: ControlPlaneHandle): void;
  stop(): Promise<void>;
}

/** Starts a drill, once all that starts up has come to rest. */
export async function startDrill(options: Pick<TwoZonesOptions, 'workDir' | 'addressBlock' | 'store'>): Promise<Drill> {
  let relay: Relay | undefined;
  let kdsPort = 0;
  const lab = await startTwoZones({
    binDir: BIN_DIR,
    envoyPath: envoyPath(),
    layout: 'services',
    ...options,
    relayKds: async (port) => {
      kdsPort = port;
      relay ??= await Relay.start(() => kdsPort);
      return `127.0.0.1:${relay.port}`;
    },
  });
  await settled(lab);
  const traffic = new Traffic([{ name: 'web -> backend', ...lab.backendFromWeb, perSecond: 200 }]);
  traffic.start();
  return {
    lab,
    traffic,
    leadTo: ({ ports }) => {
      kdsPort = ports.kds;
    },
    stop: async () => {
      await traffic.stop();
      await lab.stop();
      relay?.stop();
    },
  };
}

/** Waits until `backend` answers `web` from both zones, many times in a row: what starts up is none of a drill's business. */
async function settled({ deployment, backendFromWeb }: TwoZones): Promise<void> {
  const zones = new Set<string>();
  let good = 0;
  await deployment.until('steady answers of both zones', async () => {
    const { status, echo } = await probe(backendFromWeb);
    good = status === 200 ? good + 1 : 0;
    if (echo) zones.add(echo.zone);
    return zones.size === 2 && good >= 30;
  });
}
