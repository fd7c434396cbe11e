import 'reflect-metadata';
import { run } from '@mesh/runtime';
import { bootService } from '@mesh/testing';
import { describe, expect, it } from 'vitest';
import { servicesOf } from '../src/app.module.js';

describe('kuma-cp run', () => {
  it.each(['zone', 'global'])('composes all services of mode %s in one process and stops them in order', async (mode) => {
    const service = await bootService(({ env, logOutputPath }) =>
      run({ name: 'kuma-cp', services: servicesOf, env: { ...env, KUMA_MODE: mode } }, { logOutputPath }),
    );
    expect((await fetch(`${service.diagnosticsUrl}/ready`)).status).toBe(200);
    const served = service.logLines().find(({ msg }) => msg === 'the API is served');
    const index = await fetch(`http://127.0.0.1:${String(served?.http)}/`);
    expect(await index.json()).toMatchObject({ product: 'Kuma', version: '2.14.3' });
    expect(await service.stop()).toBe(0);
    expect(service.errors()).toEqual([]);
  });
});
