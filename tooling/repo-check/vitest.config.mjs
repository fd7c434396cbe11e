import { mergeConfig } from 'vitest/config';
import { baseConfig } from '../vitest/base.mjs';

const config = mergeConfig(baseConfig, { test: { include: ['test/**/*.test.mjs'] } });
export default config;
