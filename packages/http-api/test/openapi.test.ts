import { DescriptorRegistry } from '@mesh/core';
import { policyKinds } from '@mesh/policies';
import { coreKinds } from '@mesh/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../src/openapi/document.js';
import { ApiUnderTest, apiConfig, STRANGER } from './api-under-test.js';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId: string; deprecated?: boolean }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

let api: ApiUnderTest;
let document: Document;

beforeAll(async () => {
  api = await ApiUnderTest.start();
  document = JSON.parse((await api.send('/openapi.json', { headers: STRANGER })).text) as Document;
});
afterAll(() => api.stop());

describe('the OpenAPI document', () => {
  it('is of version 3.1 and open to everybody', () => {
    expect(document.openapi).toBe('3.1.0');
  });

  it('names every operation once', () => {
    const ids = Object.values(document.paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
    expect(ids.length).toBeGreaterThan(80);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('describes every verb of every collection', () => {
    for (const { path, scope, write } of api.controlPlane.registry.all) {
      if (path === undefined) continue;
      const prefix = scope === 'Mesh' ? '/meshes/{mesh}' : '';
      expect(Object.keys(document.paths[`${prefix}/${path}`] ?? {})).toEqual(['get']);
      const verbs = write.never ? ['get'] : ['get', 'put', 'delete'];
      expect(Object.keys(document.paths[`${prefix}/${path}/{name}`] ?? {})).toEqual(verbs);
    }
  });

  it('has no reference that leads nowhere', () => {
    const known = new Set(
      Object.entries(document.components).flatMap(([part, entries]) => Object.keys(entries).map((name) => `#/components/${part}/${name}`)),
    );
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, target]) => target);
    expect(references.length).toBeGreaterThan(100);
    expect(references.filter((target) => !known.has(target ?? ''))).toEqual([]);
  });

  it('marks other spellings of a path as deprecated', () => {
    expect(document.paths['/zone-ingresses']?.get?.deprecated).toBe(true);
    expect(document.paths['/zoneingresses']?.get?.deprecated).toBeUndefined();
    expect(document.paths['/zones+insights']?.get?.deprecated).toBe(true);
  });

  it('can be made of all kinds there are', () => {
    const registry = new DescriptorRegistry([...coreKinds, ...policyKinds]);
    const { components } = openApiDocument([], registry) as unknown as Document;
    for (const { kind, path } of registry.all) if (path !== undefined) expect(components.schemas[kind]).toBeDefined();
  });

  it('is served below the base path, with the paths as they are there', async () => {
    const based = await ApiUnderTest.start({ config: apiConfig({ basePath: '/kuma' }) });
    try {
      const { paths } = JSON.parse((await based.send('/kuma/openapi.json')).text) as Document;
      expect(Object.keys(paths)).toContain('/kuma/meshes/{mesh}/dataplanes');
      expect(Object.keys(paths)).toContain('/tokens/user');
    } finally {
      await based.stop();
    }
  });
});

describe('the page of the API', () => {
  it('loads nothing from elsewhere, and all it loads is served', async () => {
    const page = await api.send('/openapi');
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address ?? '');
    expect(loaded.length).toBe(4);
    for (const address of loaded) {
      expect(address).toMatch(/^\/openapi\//);
      const { status, text } = await api.send(address);
      expect([address, status]).toEqual([address, 200]);
      expect(text.length).toBeGreaterThan(50);
    }
  });

  it('serves its own files only', async () => {
    for (const file of ['package.json', '..%2Fpackage.json', 'index.html']) expect((await api.send(`/openapi/${file}`)).status).toBe(404);
  });
});
