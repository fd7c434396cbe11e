import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUnderTest, STRANGER } from './api-under-test.js';
import { stored } from './documents.js';
import { MemoryControlPlane } from './memory-control-plane.js';

/** What secrets hold; no answer to a stranger may contain it. */
const CONTENT = 'bm90IGZvciBzdHJhbmdlcnM=';
const PARAMETERS: Readonly<Record<string, string>> = { mesh: 'default', name: 's', kri: 'kri_gsec___s_', what: 'xds', file: 'x' };

let api: ApiUnderTest;
/** Every path of the API as its own description lists it, with the methods it takes. */
let paths: readonly (readonly [template: string, methods: readonly string[]])[];

beforeAll(async () => {
  const secret = { spec: { data: CONTENT } };
  const controlPlane = new MemoryControlPlane().seed(
    stored('Mesh', 'default'),
    stored('GlobalSecret', 's', secret),
    stored('Secret', 's', { mesh: 'default', ...secret }),
  );
  api = await ApiUnderTest.start({ controlPlane });
  const { paths: described } = JSON.parse((await api.send('/openapi.json')).text) as { paths: Record<string, object> };
  paths = Object.entries(described).map(([template, item]) => [template, Object.keys(item).map((method) => method.toUpperCase())]);
});
afterAll(() => api.stop());

const pathOf = (template: string) => template.replace(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name] ?? 's');

describe('a stranger', () => {
  it('finds the secrets of this test where an admin asks', async () => {
    expect((await api.send('/meshes/default/secrets/s')).text).toContain(CONTENT);
    expect(paths.length).toBeGreaterThan(40);
  });

  it('reads no secret on any path, in any format', async () => {
    for (const [template] of paths) {
      for (const query of ['', '?format=k8s', '?size=1000']) {
        const { text, status } = await api.send(pathOf(template) + query, { headers: STRANGER });
        expect(text, template).not.toContain(CONTENT);
        expect(status, template).toBeLessThan(500);
      }
    }
  });

  it('writes on no path, by no method', async () => {
    const before = api.controlPlane.view.revision;
    const body = JSON.stringify({ type: 'Mesh', name: 's', mesh: 'default', validFor: '1h', scope: ['cp'], zone: 'z' });
    const headers = { ...STRANGER, 'content-type': 'application/json' };
    for (const [template] of paths) {
      for (const method of ['PUT', 'POST', 'DELETE', 'PATCH']) {
        const { status } = await api.send(pathOf(template), { method, headers, ...(method === 'DELETE' ? {} : { body }) });
        expect(status, `${method} ${template}`).toBeGreaterThanOrEqual(400);
        expect(status, `${method} ${template}`).toBeLessThan(500);
      }
    }
    expect([api.controlPlane.view.revision, api.controlPlane.issued]).toEqual([before, []]);
  });

  it('learns nothing of the insides of the server from its errors', async () => {
    for (const path of ['/meshes/%', '/%00', '/meshes?size=x', '/_kri/x', '/meshes/default/dataplanes/s/xds', `/${'x'.repeat(5_000)}`]) {
      const { text } = await api.send(path, { headers: STRANGER });
      expect(text).not.toMatch(/\bat .+:\d+:\d+|node_modules|node:internal|\.ts:\d|\.js:\d/);
    }
  });
});
