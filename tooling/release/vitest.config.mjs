import { mergeConfig } from 'vitest/config';
import { baseConfig } from '../vitest/base.mjs';

const config = mergeConfig(baseConfig, { test: { include: ['test/**/*.test.mjs'], testTimeout: 120_000, hookTimeout: 120_000 } });
export default config;
