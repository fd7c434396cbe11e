import type { Convergence, DeliverySource, ProxyConvergence } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { startGlobal, startZone, type TestGlobal, type TestZone, useScope } from './deployment.fixture.js';

const author = { name: 'test' };
const NOBODY: ProxyConvergence = { connected: 0, converged: 0, unknown: 0, offline: 0, lagging: [], instances: ['test'] };
/** Longer than anything takes here. */
const LONG_MS = 20_000;

/** Proxies that are told what to say. */
class ScriptedProxies implements DeliverySource {
  asks = 0;
  reports = 0;
  private readonly listeners = new Set<(state: ProxyConvergence) => void>();
  private asked: () => void = () => {};

  constructor(private now: Partial<ProxyConvergence> = {}) {}

  watch(_revision: number | 'now', listener: (state: ProxyConvergence) => void, signal: AbortSignal): void {
    this.asks++;
    this.listeners.add(listener);
    signal.addEventListener('abort', () => this.listeners.delete(listener));
    listener({ ...NOBODY, ...this.now });
    this.asked();
  }

  /** Resolves at the next ask. */
  nextAsk(): Promise<void> {
    return new Promise((resolve) => {
      this.asked = resolve;
    });
  }

  get watchers(): number {
    return this.listeners.size;
  }

  say(state: Partial<ProxyConvergence>): void {
    this.now = state;
    for (const listener of this.listeners) listener({ ...NOBODY, ...state });
  }
}

describe('how far a revision of the global has come', () => {
  const scope = useScope();

  async function setup(proxies?: ScriptedProxies): Promise<{ g: TestGlobal; z: TestZone }> {
    const g = await startGlobal(scope.dir, {});
    scope.running.push(g);
    const z = await startZone(scope.dir, { name: 'zone-1', port: g.port });
    scope.running.push(z);
    if (proxies) void z.opened.controlPlane.reportDeliveries(proxies, new AbortController().signal);
    await z.sync.firstSync;
    return { g, z };
  }

  const write = async (g: TestGlobal, name: string): Promise<number> =>
    (await g.opened.controlPlane.put({ draft: { kind: 'Mesh', mesh: '', name, spec: {} }, author })).revision;
  const ask = (g: TestGlobal, revision: number, waitMs = LONG_MS): Promise<Convergence> =>
    g.opened.controlPlane.convergence({ revision, waitMs });

  it('is told when every zone has stored it and every proxy has accepted it', async () => {
    const proxies = new ScriptedProxies({
      connected: 2,
      converged: 1,
      lagging: [{ kind: 'Dataplane', mesh: 'm', name: 'dp', state: 'pending' }],
    });
    const { g, z } = await setup(proxies);
    const asked = proxies.nextAsk();
    const revision = await write(g, 'one');
    const converged = ask(g, revision);
    await asked;
    expect(z.opened.view.find('Mesh', '', 'one')).toBeDefined();
    proxies.say({ connected: 2, converged: 2 });
    expect(await converged).toMatchObject({ revision, state: 'converged', zones: [{ zone: 'zone-1', state: 'converged', stored: true }] });
  });

  it('names the proxies that refuse it, and why, without waiting for the end', async () => {
    const lagging = [{ kind: 'Dataplane', mesh: 'm', name: 'dp', state: 'refused', reason: 'Listener: no such filter' }] as const;
    const { g } = await setup(new ScriptedProxies({ connected: 1, lagging }));
    const { state, zones } = await ask(g, await write(g, 'one'));
    expect(state).toBe('refused');
    expect(zones?.[0]).toMatchObject({ zone: 'zone-1', state: 'refused', proxies: { lagging } });
  });

  it('names a zone that is away, and hears it when it comes', async () => {
    const { g, z } = await setup();
    await z.stop();
    scope.running.splice(scope.running.indexOf(z), 1);
    const revision = await write(g, 'one');
    expect(await ask(g, revision, 0)).toMatchObject({
      state: 'missing',
      zones: [{ zone: 'zone-1', state: 'missing', reason: 'is not connected' }],
    });
    const converged = ask(g, revision);
    const back = await startZone(scope.dir, { name: 'zone-1', port: g.port });
    scope.running.push(back);
    expect(await converged).toMatchObject({ state: 'converged', zones: [{ zone: 'zone-1', state: 'converged', stored: true }] });
  });

  it('is asked of zones only while somebody wants to know', async () => {
    const proxies = new ScriptedProxies();
    const { g } = await setup(proxies);
    const revision = await write(g, 'one');
    expect(proxies.asks).toBe(0);
    await ask(g, revision);
    expect(proxies.asks).toBe(1);
    await expect.poll(() => proxies.watchers).toBe(0);
  });

  it('is refused for a revision that does not exist', async () => {
    const { g } = await setup();
    await expect(ask(g, 1_000_000, 0)).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('is told by a zone of its own revisions and proxies', async () => {
    const { z } = await setup(new ScriptedProxies({ connected: 1, converged: 1 }));
    const { state, proxies } = await z.opened.controlPlane.convergence({ revision: z.opened.view.revision, waitMs: 0 });
    expect({ state, proxies }).toMatchObject({ state: 'converged', proxies: { connected: 1, converged: 1, instances: ['test'] } });
  });
});
