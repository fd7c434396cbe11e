import { type ProbeResult, type ProbeTarget, probe, resolveName, spiffeIdsOf, type TwoZones } from '@mesh/lab-kit';
import type { Narrator } from './narrator.js';

const POLICIES = '/meshes/default';
const STREAK = 3;

/** What the lab claims, one claim after the other; the first that does not hold is thrown as an Error. */
export async function prove(lab: TwoZones, say: Narrator): Promise<void> {
  say.title('Proof');
  await backendFromBothZones(lab, say);
  const billing = await billingByName(lab, say);
  await trafficShift(lab, say);
  await denyAndAllow(lab, say, billing);
}

async function backendFromBothZones(lab: TwoZones, say: Narrator): Promise<void> {
  const counts = new Map<string, number>();
  await lab.deployment.until('answers to web -> backend from both zones', async () => {
    const { echo } = await ask(lab.backendFromWeb);
    if (echo) counts.set(echo.zone, (counts.get(echo.zone) ?? 0) + 1);
    return counts.size === 2;
  });
  for (let i = 0; i < 20; i++) {
    const { echo } = await ask(lab.backendFromWeb);
    if (echo) counts.set(echo.zone, (counts.get(echo.zone) ?? 0) + 1);
  }
  say.fact(
    `web -> backend is answered by both zones in turn (${[...counts]
      .sort()
      .map(([zone, n]) => `${zone}: ${n}`)
      .join(', ')})`,
  );
}

async function billingByName(lab: TwoZones, say: Narrator): Promise<ProbeTarget> {
  const server = { address: '127.0.0.1', port: lab.zone1.ports.dns };
  const address = await lab.deployment.until(
    'billing.mesh in the DNS of zone-1',
    async () => (await resolveName('billing.mesh', server))[0],
  );
  if (!lab.bindsVips) {
    say.fact(`billing.mesh resolves to ${address}; this system has no loopback range to bind it to, so the request by name is left out`);
    return lab.backendFromWeb;
  }
  const target: ProbeTarget = { host: address, port: lab.vipPort, hostHeader: 'billing.mesh', path: '/invoices' };
  const answer = await lab.deployment.until('an answer to web -> billing.mesh', async () => {
    const result = await ask(target);
    return result.echo?.zone === 'zone-2' ? result.echo : undefined;
  });
  const ids = spiffeIdsOf(answer);
  if (ids.client !== 'spiffe://default/web' || ids.server !== 'spiffe://default/billing') {
    throw new Error(
      `web -> billing: expected the SPIFFE ids of web and billing, but x-forwarded-client-cert says ${answer.headers['x-forwarded-client-cert'] ?? 'nothing'}`,
    );
  }
  say.fact(`web -> billing.mesh is answered by ${answer.name} in ${answer.zone}, through its zone ingress`);
  say.detail(`billing.mesh = ${address}, port ${lab.vipPort}; ${ids.client} -> ${ids.server}`);
  return target;
}

async function trafficShift(lab: TwoZones, say: Narrator): Promise<void> {
  const api = lab.global.api;
  for (const zone of ['zone-2', 'zone-1']) {
    const from = performance.now();
    await api.put(`${POLICIES}/meshhttproutes/shift`, routeTo(zone));
    const ms = await timeUntilStreak(lab, from, async () => (await ask(lab.backendFromWeb)).echo?.zone === zone);
    say.fact(`a MeshHTTPRoute sends all of web -> backend to ${zone}: ${ms} ms from PUT at the global to effect in zone-1`);
  }
  await api.delete(`${POLICIES}/meshhttproutes/shift`);
  const seen = new Set<string>();
  await lab.deployment.until('both zones again after the route is gone', async () => {
    const { echo } = await ask(lab.backendFromWeb);
    if (echo) seen.add(echo.zone);
    return seen.size === 2;
  });
  say.fact('without the route both zones answer again');
}

async function denyAndAllow(lab: TwoZones, say: Narrator, target: ProbeTarget): Promise<void> {
  const api = lab.global.api;
  const service = target === lab.backendFromWeb ? 'backend' : 'billing';
  const deniedFrom = performance.now();
  await api.put(`${POLICIES}/meshtrafficpermissions/no-web`, denyWeb(service));
  const deniedMs = await timeUntilStreak(lab, deniedFrom, async () => (await ask(target)).status === 403);
  say.fact(`a MeshTrafficPermission stops web -> ${service}: ${deniedMs} ms from PUT to the first 403`);
  const allowedFrom = performance.now();
  await api.delete(`${POLICIES}/meshtrafficpermissions/no-web`);
  const allowedMs = await timeUntilStreak(lab, allowedFrom, async () => (await ask(target)).status === 200);
  say.fact(`its removal restores web -> ${service}: ${allowedMs} ms from DELETE to the first 200`);
}

/** Milliseconds from `fromMs` to the first of several good answers in a row. */
async function timeUntilStreak(lab: TwoZones, fromMs: number, good: () => Promise<boolean>): Promise<number> {
  let streak = 0;
  let firstMs = 0;
  await lab.deployment.until('the effect of a policy', async () => {
    if (await good()) {
      if (streak++ === 0) firstMs = performance.now();
    } else streak = 0;
    return streak >= STREAK;
  });
  return Math.round(firstMs - fromMs);
}

/** A request that may fail on the way while a change takes effect. */
async function ask(target: ProbeTarget): Promise<ProbeResult> {
  try {
    return await probe(target);
  } catch (error) {
    return { status: 0, echo: undefined, body: String(error) };
  }
}

function routeTo(zone: string): object {
  const backend = { kind: 'MeshServiceSubset', name: 'backend', tags: { 'kuma.io/zone': zone } };
  return {
    type: 'MeshHTTPRoute',
    mesh: 'default',
    name: 'shift',
    spec: {
      targetRef: { kind: 'MeshSubset', tags: { 'kuma.io/service': 'web' } },
      to: [
        {
          targetRef: { kind: 'MeshService', name: 'backend' },
          rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }], default: { backendRefs: [{ ...backend, weight: 1 }] } }],
        },
      ],
    },
  };
}

function denyWeb(service: string): object {
  return {
    type: 'MeshTrafficPermission',
    mesh: 'default',
    name: 'no-web',
    spec: {
      targetRef: { kind: 'MeshSubset', tags: { 'kuma.io/service': service } },
      from: [{ targetRef: { kind: 'MeshSubset', tags: { 'kuma.io/service': 'web' } }, default: { action: 'Deny' } }],
    },
  };
}
