import { dataplane, type ProbeTarget, probe, type TwoZones } from '@mesh/lab-kit';

const DEADLINE_MS = 30_000;
const PROBE_PAUSE_MS = 2;

/**
 * `PUT` of a MeshHTTPRoute at the global until a request in zone-1 shows it, in milliseconds.
 * Every run sends all of web -> backend to the other zone; each request has a connection of its own.
 */
export async function measurePolicy(lab: TwoZones, runs: number): Promise<number[]> {
  const samples: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const zone = run % 2 === 0 ? 'zone-2' : 'zone-1';
    const from = performance.now();
    await lab.global.api.put('/meshes/default/meshhttproutes/bench', routeTo(zone));
    await untilProbe(`requests to ${zone}`, async () => (await probe(lab.backendFromWeb)).echo?.zone === zone);
    // The first run may find the wanted state by chance: both zones answered before it.
    if (run > 0) samples.push(performance.now() - from);
    await settle(lab, zone);
  }
  await lab.global.api.delete('/meshes/default/meshhttproutes/bench');
  return samples;
}

/**
 * `PUT` of a Dataplane in zone-2 that gains an inbound of the service `late`, until zone-1 reaches
 * that service, in milliseconds. Between runs the inbound is taken away until requests fail again.
 */
export async function measureDataplane(lab: TwoZones, options: { runs: number; latePort: number }): Promise<number[]> {
  const { billing, web } = lab.instances;
  const late = { host: web.address, port: options.latePort, timeoutMs: 1000 };
  const document = dataplane(billing);
  const inbound = {
    port: billing.inboundPort + 7,
    servicePort: billing.appPort,
    tags: { 'kuma.io/service': 'late', 'kuma.io/protocol': 'http' },
  };
  const withLate = { ...document, networking: { ...document.networking, inbound: [...document.networking.inbound, inbound] } };
  const path = '/meshes/default/dataplanes/billing-1';
  const samples: number[] = [];
  for (let run = 0; run < options.runs; run++) {
    const from = performance.now();
    await lab.zone2.api.put(path, withLate);
    await untilProbe('an answer of late', async () => (await probe(late)).status === 200);
    samples.push(performance.now() - from);
    await lab.zone2.api.put(path, document);
    await untilProbe('late gone', () => isOutOfReach(late));
  }
  return samples;
}

/** A service without instances answers an error, or closes the connection. */
async function isOutOfReach(target: ProbeTarget): Promise<boolean> {
  try {
    return (await probe(target)).status !== 200;
  } catch {
    return true;
  }
}

async function untilProbe(what: string, check: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  for (;;) {
    if (await check().catch(() => false)) return;
    if (performance.now() > end) throw new Error(`${what}: not within ${DEADLINE_MS / 1000} s`);
    // Every request costs five processes; without a pause they starve what is measured.
    await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS));
  }
}

/** Ten answers in a row: no request of the next run is answered by the past. */
async function settle(lab: TwoZones, zone: string): Promise<void> {
  let streak = 0;
  await untilProbe('a settled route', async () => {
    streak = (await probe(lab.backendFromWeb)).echo?.zone === zone ? streak + 1 : 0;
    return streak >= 10;
  });
}

function routeTo(zone: string): object {
  return {
    type: 'MeshHTTPRoute',
    mesh: 'default',
    name: 'bench',
    spec: {
      targetRef: { kind: 'MeshSubset', tags: { 'kuma.io/service': 'web' } },
      to: [
        {
          targetRef: { kind: 'MeshService', name: 'backend' },
          rules: [
            {
              matches: [{ path: { type: 'PathPrefix', value: '/' } }],
              default: { backendRefs: [{ kind: 'MeshServiceSubset', name: 'backend', tags: { 'kuma.io/zone': zone }, weight: 1 }] },
            },
          ],
        },
      ],
    },
  };
}
