import { mergeConfig } from 'vitest/config';
import { baseConfig } from '../vitest/base.mjs';

const config = mergeConfig(baseConfig, {
  test: {
    include: ['test/**/*.test.mjs'],
    globalSetup: ['lib/setup.mjs'],
    testTimeout: 10 * 60_000,
    hookTimeout: 15 * 60_000,
    fileParallelism: false,
  },
});
export default config;
