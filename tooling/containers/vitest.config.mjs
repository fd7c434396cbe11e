import { mergeConfig } from 'vitest/config';
import { baseConfig } from '../vitest/base.mjs';

const config = mergeConfig(baseConfig, {
  test: { include: ['test/**/*.test.mjs'], testTimeout: 5 * 60_000, hookTimeout: 15 * 60_000, fileParallelism: false, bail: 0 },
});
export default config;
