const MINUTE_MS = 60_000;

/**
 * Everything `npm test` does after provisioning, in order. `needs` names stages whose failure makes this one
 * pointless; `results` are vitest reports (globs of one `*` segment) that hold its counts; `stream` shows the output as
 * it comes, for the long ones; a stage is stopped after `timeoutMs` and counts as failed. `again` makes the command
 * that runs failed test files a second time: on real parts a machine under load may fail a test once, and one that then
 * passes is listed as flaky rather than hidden.
 */
export const stages = [
  {
    name: 'generate',
    title: 'generated code',
    command: ['turbo', 'run', 'generate', '--output-logs=errors-only'],
    timeoutMs: 10 * MINUTE_MS,
  },
  { name: 'index', title: 'indexes are fresh', command: ['turbo', 'run', '//#index', '--output-logs=errors-only'], timeoutMs: MINUTE_MS },
  {
    name: 'build',
    title: 'build',
    command: ['turbo', 'run', 'build', '--continue', '--output-logs=errors-only'],
    needs: ['generate'],
    timeoutMs: 15 * MINUTE_MS,
  },
  {
    name: 'typecheck',
    title: 'types of sources and tests',
    command: ['turbo', 'run', 'typecheck', '--continue', '--output-logs=errors-only'],
    needs: ['generate'],
    timeoutMs: 15 * MINUTE_MS,
  },
  {
    name: 'lint',
    title: 'format and lint',
    command: ['turbo', 'run', '//#lint', '--output-logs=errors-only'],
    timeoutMs: 5 * MINUTE_MS,
  },
  {
    name: 'boundaries',
    title: 'import arrows, purity, cycles',
    command: ['turbo', 'run', '//#boundaries', '--output-logs=errors-only'],
    timeoutMs: 5 * MINUTE_MS,
  },
  {
    name: 'knip',
    title: 'dead code and dependencies',
    command: ['turbo', 'run', '//#knip', '--output-logs=errors-only'],
    timeoutMs: 5 * MINUTE_MS,
  },
  {
    name: 'repo-check',
    title: 'repository rules, and proof that each fires',
    command: ['turbo', 'run', '@mesh/repo-check#check', '--output-logs=new-only'],
    results: ['tooling/repo-check/.vitest/results.json'],
    stream: true,
    timeoutMs: 15 * MINUTE_MS,
  },
  {
    name: 'unit',
    title: 'unit and contract tests',
    command: ['turbo', 'run', 'test', '--concurrency=2', '--continue', '--output-logs=errors-only'],
    needs: ['generate'],
    results: [
      'packages/*/.vitest/results.json',
      'apps/*/.vitest/results.json',
      'tooling/*/.vitest/results.json',
      'bench/.vitest/results.json',
    ],
    excludeResults: ['tooling/repo-check/', 'tooling/containers/'],
    // Packages that passed come from the cache.
    again: (command) => command,
    stream: true,
    timeoutMs: 35 * MINUTE_MS,
  },
  {
    name: 'e2e',
    title: 'whole systems on real parts',
    command: ['turbo', 'run', '@mesh/test-e2e#e2e', '--output-logs=new-only'],
    needs: ['build'],
    results: ['test-e2e/.vitest/results.json'],
    again: (command, files) => [...command, '--', ...files],
    stream: true,
    timeoutMs: 50 * MINUTE_MS,
  },
  {
    name: 'containers',
    title: 'images and compose lab on a container engine of their own',
    command: ['node', 'tooling/containers/stage.mjs'],
    needs: ['build'],
    results: ['tooling/containers/.vitest/results.json'],
    stream: true,
    timeoutMs: 30 * MINUTE_MS,
  },
];
