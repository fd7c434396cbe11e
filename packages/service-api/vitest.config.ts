import { mergeConfig } from 'vitest/config';
import { baseConfig } from '../../tooling/vitest/base.mjs';
import { storeProjects } from '../../tooling/vitest/stores.mjs';

const config = mergeConfig(baseConfig, { test: { projects: storeProjects(['test/api.test.ts', 'test/audit.test.ts']) } });
export default config;
