import { mergeConfig } from 'vitest/config';
import { baseConfig } from '../vitest/base.mjs';

const config = mergeConfig(baseConfig, {
  // Libraries that are inlined name source maps they do not bring.
  logLevel: 'error',
  test: {
    include: ['test/**/*.test.mjs'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Imports JSON in a way that Node 20 does not take.
    server: { deps: { inline: [/@actions\//] } },
  },
});
export default config;
