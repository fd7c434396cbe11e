import { expect, test } from 'vitest';
import { faultRun } from '../lib/fault-runs.mjs';

test('a random walk takes its seed and its minutes, and nothing else', () => {
  expect(faultRun('chaos', ['--seed', '7', '--minutes=0.5'])).toEqual({
    args: ['faults/chaos.test.ts'],
    env: { MESH_CHAOS_SEED: '7', MESH_CHAOS_MINUTES: '0.5' },
  });
  expect(Number(faultRun('chaos', []).env.MESH_CHAOS_SEED)).toBeGreaterThan(0);
  expect(() => faultRun('chaos', ['--speed', '7'])).toThrow('unknown argument --speed; known are --seed and --minutes');
  expect(() => faultRun('chaos', ['--seed'])).toThrow('--seed needs a number above 0, not nothing');
});

test('all faults run for as long as outages last, or those of the files named', () => {
  expect(faultRun('faults', [])).toEqual({ args: ['faults'], env: { MESH_FAULTS: 'full' } });
  expect(faultRun('faults', ['faults/wire.test.ts']).args).toEqual(['faults/wire.test.ts']);
});
