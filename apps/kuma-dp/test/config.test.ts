import { MeshError } from '@mesh/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.js';

describe('kuma-dp run configuration', () => {
  it('lets a flag win over its variable, and the variable over the default', () => {
    expect(readConfig({ name: 'a' }, { KUMA_DATAPLANE_NAME: 'b' }).name).toBe('a');
    expect(readConfig({}, { KUMA_DATAPLANE_NAME: 'b' }).name).toBe('b');
    expect(readConfig({}, {}).cpAddress.href).toBe('https://localhost:5678/');
  });

  it('takes the variables of Kuma 0.2', () => {
    const config = readConfig(
      {},
      {
        KUMA_CONTROL_PLANE_BOOTSTRAP_SERVER_URL: 'http://control-plane:5682',
        KUMA_DATAPLANE_MESH: 'default',
        KUMA_DATAPLANE_NAME: 'redis-1',
        KUMA_DATAPLANE_ADMIN_PORT: '9901',
      },
    );
    expect(config).toMatchObject({ mesh: 'default', name: 'redis-1', adminPort: 9901 });
    expect(config.cpAddress.host).toBe('control-plane:5682');
  });

  it('reports every mistake at once, by flag and variable', () => {
    const read = () =>
      readConfig({ cpAddress: 'nonsense', drainTime: 'soon', proxyType: 'router', dataplaneVar: ['x'] }, { KUMA_READINESS_PORT: '99999' });
    expect(read).toThrow(MeshError);
    try {
      read();
    } catch (error) {
      const fields = MeshError.is(error) ? error.violations.map((v) => v.field) : [];
      expect(fields).toEqual([
        '--proxy-type / KUMA_DATAPLANE_PROXY_TYPE',
        '--cp-address / KUMA_CONTROL_PLANE_URL / KUMA_CONTROL_PLANE_BOOTSTRAP_SERVER_URL',
        '--dataplane-var',
        '--drain-time / KUMA_DATAPLANE_DRAIN_TIME',
        'KUMA_READINESS_PORT',
      ]);
    }
  });

  it('throws nothing but MeshError whatever the environment holds', () => {
    const names = [
      'KUMA_CONTROL_PLANE_URL',
      'KUMA_DATAPLANE_DRAIN_TIME',
      'KUMA_READINESS_PORT',
      'KUMA_DATAPLANE_RUNTIME_BIND_OUTBOUNDS',
      'KUMA_DATAPLANE_RUNTIME_CONCURRENCY',
      'KUMA_DATAPLANE_PROXY_TYPE',
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string()), (env) => {
        try {
          readConfig({}, env);
        } catch (error) {
          expect(error).toBeInstanceOf(MeshError);
        }
      }),
    );
  });
});
