import { mergeConfig } from 'vitest/config';
import { baseConfig } from '../../tooling/vitest/base.mjs';
import { storeProjects } from '../../tooling/vitest/stores.mjs';

const onPostgres = ['transcripts', 'commands', 'seeds', 'export', 'wait', 'tables', 'completion', 'audit'].map(
  (name) => `test/${name}.test.ts`,
);
const config = mergeConfig(baseConfig, { test: { projects: storeProjects(onPostgres) } });
export default config;
