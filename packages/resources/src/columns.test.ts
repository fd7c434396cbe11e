import { DescriptorRegistry, type Resource } from '@mesh/core';
import { dataplane, externalService, mesh } from '@mesh/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { coreKinds } from './index.gen.js';

const registry = new DescriptorRegistry(coreKinds);

function cells(resource: Resource): Record<string, string> {
  return Object.fromEntries((registry.mustGet(resource.kind).columns ?? []).map(({ header, value }) => [header, value(resource)]));
}

describe('a table of kumactl shows', () => {
  it('the tags of all inbounds together, and the address others use', () => {
    const built = dataplane().address('10.77.0.2').inbound('web', 80, { protocol: 'http' }).inbound('api', 81).build();
    expect(cells(built)).toEqual({ TAGS: 'kuma.io/protocol=http kuma.io/service=api,web', ADDRESS: '10.77.0.2' });
    expect(cells(dataplane().gateway('gw').build())).toEqual({ TAGS: 'kuma.io/service=gw', ADDRESS: '192.168.0.1' });
    expect(cells(externalService('ext', '10.0.0.1:80').build())).toEqual({ TAGS: 'kuma.io/service=ext', ADDRESS: '10.0.0.1:80' });
  });

  it('what is on in a mesh', () => {
    expect(cells(mesh().build())).toEqual({ mTLS: 'off', LOCALITY: 'off', ZONEEGRESS: 'off' });
    expect(cells(mesh().mtls().zoneEgress().localityAware().build())).toEqual({ mTLS: 'builtin/ca-1', LOCALITY: 'on', ZONEEGRESS: 'on' });
  });
});

describe('the list of core kinds', () => {
  it('gives a JSON schema of every kind, for OpenAPI', () => {
    for (const { schema, kind } of coreKinds) expect(z.toJSONSchema(schema), kind).toMatchObject({ type: 'object' });
  });

  it('answers to the paths of the API and their other spellings', () => {
    const pathOf = (scope: 'Global' | 'Mesh', path: string) => registry.findByPath(scope, path)?.kind;
    expect(pathOf('Global', 'zone-ingresses')).toBe('ZoneIngress');
    expect(pathOf('Global', 'zoneingresses')).toBe('ZoneIngress');
    expect(pathOf('Global', 'global-secrets')).toBe('GlobalSecret');
    expect(pathOf('Mesh', 'external-services')).toBe('ExternalService');
    expect(registry.findByCliName('zone-ingress')?.kind).toBe('ZoneIngress');
  });

  it('links every kind with an insight to one that exists and is kept by the control plane', () => {
    for (const { insightKind } of coreKinds) {
      if (insightKind) expect(registry.mustGet(insightKind)).toMatchObject({ isInsight: true, write: { never: true } });
    }
  });
});
