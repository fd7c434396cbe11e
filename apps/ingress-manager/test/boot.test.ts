import 'reflect-metadata';
import { run } from '@mesh/runtime';
import { bootService } from '@mesh/testing';
import { describe, expect, it } from 'vitest';
import { appServices } from '../src/app.module.js';

describe('ingress-manager', () => {
  it('boots with nothing else around, reports health, and stops in order', async () => {
    const service = await bootService(({ env, logOutputPath }) =>
      run({ name: 'ingress-manager', services: () => appServices, env, mode: 'zone' }, { logOutputPath }),
    );
    expect((await fetch(`${service.diagnosticsUrl}/healthy`)).status).toBe(200);
    expect(await (await fetch(`${service.diagnosticsUrl}/metrics`)).text()).toContain('process_cpu_seconds_total');
    expect(await service.stop()).toBe(0);
    expect(service.errors()).toEqual([]);
  });
});
