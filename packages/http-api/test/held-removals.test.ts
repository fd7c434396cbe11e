import { afterEach, expect, it } from 'vitest';
import { ApiUnderTest, apiConfig } from './api-under-test.js';
import { stored } from './documents.js';
import { MemoryControlPlane } from './memory-control-plane.js';

let api: ApiUnderTest;
afterEach(() => api.stop());

it('shows what is kept of a peer that came back without it, and nothing of other Configs', async () => {
  const record = { id: 'store', revision: 7, held: { Dataplane: ['web.default', 'api.default'], ZoneIngress: ['in.'] } };
  const controlPlane = new MemoryControlPlane().seed(
    stored('Config', 'kds-peer-zone-1', { spec: { config: JSON.stringify(record) } }),
    stored('Config', 'kds-peer-zone-2', { spec: { config: 'garbage' } }),
    stored('Config', 'kuma-cluster-id', { spec: { config: JSON.stringify(record) } }),
  );
  api = await ApiUnderTest.start({ controlPlane, config: apiConfig() });
  const { status, text } = await api.send('/held-removals');
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({
    total: 3,
    items: [
      { peer: 'zone-1', kind: 'Dataplane', name: 'api.default' },
      { peer: 'zone-1', kind: 'Dataplane', name: 'web.default' },
      { peer: 'zone-1', kind: 'ZoneIngress', name: 'in.' },
    ],
  });
});
