import { afterEach, expect, it } from 'vitest';
import { ApiUnderTest, apiConfig } from './api-under-test.js';
import { stored } from './documents.js';
import { MemoryControlPlane } from './memory-control-plane.js';

let api: ApiUnderTest;
afterEach(() => api.stop());

it('shows what is kept of a peer that came back without it or with a default of it, and nothing of other Configs', async () => {
  const held = { Dataplane: ['web.default', 'api.default'], ZoneIngress: ['in.'] };
  const record = { id: 'store', revision: 7, held, kept: { Mesh: ['default.'] } };
  const controlPlane = new MemoryControlPlane().seed(
    stored('Config', 'kds-peer-zone-1', { spec: { config: JSON.stringify(record) } }),
    stored('Config', 'kds-peer-zone-2', { spec: { config: 'garbage' } }),
    stored('Config', 'kuma-cluster-id', { spec: { config: JSON.stringify(record) } }),
  );
  api = await ApiUnderTest.start({ controlPlane, config: apiConfig() });
  const { status, text } = await api.send('/held-removals');
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({
    total: 4,
    items: [
      { peer: 'zone-1', kind: 'Dataplane', name: 'api.default', released: 'removed' },
      { peer: 'zone-1', kind: 'Dataplane', name: 'web.default', released: 'removed' },
      { peer: 'zone-1', kind: 'Mesh', name: 'default.', released: 'replaced' },
      { peer: 'zone-1', kind: 'ZoneIngress', name: 'in.', released: 'removed' },
    ],
  });
});

it('lets go of what is held of a peer, of one kind, or of one name, and of nothing without a word on whose', async () => {
  const record = { id: 'store', revision: 7, held: { Dataplane: ['web.default', 'api.default'], ZoneIngress: ['in.'] } };
  const controlPlane = new MemoryControlPlane().seed(
    stored('Config', 'kds-peer-zone-1', { spec: { config: JSON.stringify(record) } }),
    stored('Mesh', 'default', { spec: {} }),
    stored('ZoneIngress', 'in', { spec: {} }),
    stored('Dataplane', 'web', { mesh: 'default', spec: {} }),
  );
  api = await ApiUnderTest.start({ controlPlane, config: apiConfig() });
  const release = async (query: string) => {
    const { status, text } = await api.send(`/held-removals${query}`, { method: 'DELETE' });
    return { status, body: JSON.parse(text) as { items?: { kind: string; name: string }[]; detail?: string } };
  };
  expect(await release('')).toMatchObject({ status: 400, body: { detail: expect.stringContaining('peer') } });
  expect(await release('?peer=zone-1&name=in.')).toMatchObject({ status: 400, body: { detail: expect.stringContaining('kind') } });
  expect((await release('?peer=zone-2')).body.items).toEqual([]);
  expect((await release('?peer=zone-1&kind=ZoneIngress&name=in.')).body.items).toEqual([
    { peer: 'zone-1', kind: 'ZoneIngress', name: 'in.', released: 'removed' },
  ]);
  expect(controlPlane.view.find('ZoneIngress', '', 'in')).toBeUndefined();
  expect(controlPlane.view.find('Dataplane', 'default', 'web')).toBeDefined();
});
