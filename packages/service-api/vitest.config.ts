import { mergeConfig } from 'vitest/config';
import { baseConfig } from '../../tooling/vitest/base.mjs';
import { storeProjects } from '../../tooling/vitest/stores.mjs';

const config = mergeConfig(baseConfig, {
  test: { projects: storeProjects(['api', 'audit', 'tokens'].map((name) => `test/${name}.test.ts`)) },
});
export default config;
