import { defineConfig } from 'vitest/config';

/**
 * The vitest configuration every package starts from: workspace packages resolve to their
 * sources (the `source` export condition), so a unit test needs no build. `import`
 * is not listed: vitest hands the list to Node, whose `require` would then get ES modules. The report in
 * `.vitest/results.json` is what `npm test` counts.
 */
export const baseConfig = defineConfig({
  resolve: { conditions: ['source', 'node'] },
  ssr: { resolve: { conditions: ['source', 'node'] } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    passWithNoTests: true,
    pool: 'forks',
    // Against hangs only: whatever waits in a test has a deadline of its own, and a busy machine is slow.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    reporters: ['default', ['json', { outputFile: '.vitest/results.json' }]],
  },
});
