import { MeshError } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { type Flags, readConfig } from '../src/config.js';
import { fillTemplate, resolveIdentity } from '../src/dataplane-definition.js';

const DATAPLANE = `
type: Dataplane
mesh: default
name: {{ name }}
networking:
  address: 127.0.0.1
  inbound:
  - port: 10080
    servicePort: 8080
    tags:
      kuma.io/service: backend
`;

function identity(flags: Flags) {
  return resolveIdentity(readConfig(flags, {}));
}

function violations(flags: Flags): string[] {
  try {
    identity(flags);
  } catch (error) {
    if (MeshError.is(error)) return error.violations.map((v) => `${v.field}: ${v.message}`);
    throw error;
  }
  return [];
}

describe('the definition kuma-dp registers', () => {
  it('fills variables and sends the document as JSON with its KRI', () => {
    const found = identity({ dataplane: DATAPLANE, dataplaneVar: ['name=backend-1'] });
    expect(found).toMatchObject({ name: 'backend-1', mesh: 'default', proxyType: 'dataplane' });
    expect(JSON.parse(found.resource)).toMatchObject({
      type: 'Dataplane',
      name: 'backend-1',
      kri: 'kri_dp_default___backend-1_',
      networking: { inbound: [{ port: 10080, servicePort: 8080 }] },
    });
  });

  it('brings the forms of Kuma 0.2 to the present one and says so', () => {
    const old =
      'type: Dataplane\nmesh: default\nname: redis-1\nnetworking:\n  inbound:\n  - interface: 127.0.0.1:9000:6379\n    tags:\n      service: redis\n';
    const found = identity({ dataplane: old });
    expect(JSON.parse(found.resource)).toMatchObject({
      networking: { address: '127.0.0.1', inbound: [{ port: 9000, servicePort: 6379, tags: { 'kuma.io/service': 'redis' } }] },
    });
    expect(found.warnings.length).toBeGreaterThan(0);
  });

  it('refuses a definition that differs from the flags', () => {
    expect(violations({ dataplane: DATAPLANE, dataplaneVar: ['name=a'], name: 'b', mesh: 'other' })).toEqual([
      '--name: "b" differs from the definition\'s "a"',
      '--mesh: "other" differs from the definition\'s "default"',
    ]);
  });

  it('names the proxy type that fits the definition', () => {
    expect(violations({ dataplane: 'type: ZoneIngress\nname: ingress-01\nnetworking:\n  address: 127.0.0.1\n  port: 10000\n' })).toEqual([
      '--proxy-type: dataplane needs a Dataplane, but the definition is a ZoneIngress; use --proxy-type=ingress',
    ]);
  });

  it('asks for the name where there is no definition, and takes mesh default with a warning', () => {
    expect(violations({})).toHaveLength(1);
    expect(identity({ name: 'redis-1' })).toMatchObject({ mesh: 'default', warnings: ['--mesh is not given; "default" is taken'] });
    expect(violations({ proxyType: 'ingress', name: 'i' })).toEqual([]);
  });

  it('shows where a definition is no YAML', () => {
    expect(violations({ dataplane: 'a: [b' })[0]).toContain('--dataplane-file: is not YAML');
  });

  it('fills dotted keys and drops unknown ones', () => {
    expect(fillTemplate('{{ a.b }}/{{c}}/{{ unknown }}', { 'a.b': '1', c: '2' })).toBe('1/2/');
  });
});
