import { globalEmptied, killed, lineOf, Observers, runFault, World } from '@mesh/fault-kit';
import { type ControlPlaneHandle, meshWithMtls } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath, isFullRun } from '../test/config.js';

interface Overview {
  readonly zoneInsight?: { readonly sync?: { readonly globalToZone?: { readonly refused?: readonly Refused[] } } };
}

interface Refused {
  readonly kind: string;
  readonly name?: string;
  readonly reason: string;
}

interface Mesh {
  readonly mtls?: { readonly enabledBackend?: string };
}

describe('a global that lost its store without a backup', () => {
  let world: World;
  let observers: Observers;
  let zones: readonly ControlPlaneHandle[];

  beforeAll(async () => {
    world = await World.start({ binDir: BIN_DIR, envoyPath: envoyPath(), addressBlock: 208 });
    observers = new Observers(world);
    observers.start();
    zones = [world.lab.zone1, world.lab.zone2];
  });

  afterAll(async () => {
    await observers?.stop();
    await world?.stop();
  });

  async function withoutHarm(fault: typeof globalEmptied): Promise<void> {
    const report = await runFault(observers, fault, fault.lastsMs[isFullRun() ? 'full' : 'sampled']);
    process.stdout.write(`  ${lineOf(report)}\n`);
    expect(report.failedRequests).toEqual([]);
    expect(report.findings).toEqual([]);
  }

  /** What a zone does not take of the global, as the global shows it. */
  async function refused(zone: ControlPlaneHandle): Promise<readonly Refused[]> {
    const overview = await world.lab.global.api.get<Overview>(`/zones/${zone.name}/_overview`);
    return overview?.zoneInsight?.sync?.globalToZone?.refused ?? [];
  }

  it('fails no request, gets all of the zones back, and its changes take effect in them', { timeout: 300_000 }, async () => {
    await withoutHarm(globalEmptied);
  });

  it('turns off mTLS in no zone with the mesh it makes itself, and shows that at both ends', { timeout: 120_000 }, async () => {
    expect((await world.lab.global.api.get<Mesh>('/meshes/default'))?.mtls).toBeUndefined();
    for (const zone of zones) {
      const [mesh] = await world.until(`a refused mesh of ${zone.name} at the global`, async () => {
        const found = (await refused(zone)).filter(({ kind }) => kind === 'Mesh');
        return found.length > 0 && found;
      });
      expect(mesh?.reason).toContain('another store');
      expect((await zone.api.get<Mesh>('/meshes/default'))?.mtls?.enabledBackend).toBe('ca-1');
      const held = await zone.api.get<{ items: object[] }>('/held-removals');
      expect(held?.items).toContainEqual({ peer: 'global', kind: 'Mesh', name: 'default.', released: 'replaced' });
      const permission = { kind: 'MeshTrafficPermission', name: expect.stringMatching(/^allow-all/), released: 'removed' };
      expect(held?.items).toContainEqual({ peer: 'global', ...permission });
    }
  });

  it('leaves proxies the tokens they have: all come back to a zone that starts anew', { timeout: 300_000 }, async () => {
    await withoutHarm(killed('zone1', 'zone-cp'));
  });

  it('is followed again in what is applied there, but for keys it made itself', { timeout: 120_000 }, async () => {
    const startedAt = Date.now();
    await world.lab.global.api.put('/meshes/default', { ...meshWithMtls(), routing: { localityAwareLoadBalancing: true } });
    for (const zone of zones) {
      await world.until(`the mesh of the new global in ${zone.name}`, async () => {
        const mesh = await zone.api.get<{ routing?: object }>('/meshes/default');
        return mesh?.routing !== undefined;
      });
      const names = await world.until(`refused keys of ${zone.name} at the global`, async () => {
        const found = await refused(zone);
        return found.some(({ name }) => name?.includes('ca-builtin')) && found.map(({ kind }) => kind);
      });
      expect(new Set(names)).toEqual(new Set(['Secret', 'GlobalSecret']));
    }
    expect(observers.failuresSince(startedAt)).toEqual([]);
  });
});
