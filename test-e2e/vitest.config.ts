import { mergeConfig } from 'vitest/config';
import { baseConfig } from '../tooling/vitest/base.mjs';

// Every file is a system of its own that wants both cores: one after the other.
const config = mergeConfig(baseConfig, {
  test: { include: ['faults/**/*.test.ts'], fileParallelism: false, testTimeout: 120_000, hookTimeout: 300_000 },
});
export default config;
