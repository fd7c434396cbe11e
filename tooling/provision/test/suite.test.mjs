import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clearResults, countsOf, failuresOf, readReport, resultFiles } from '../suite/results.mjs';
import { parseTestArguments } from '../suite/run-tests.mjs';
import { stages } from '../suite/stages.mjs';
import { summarize } from '../suite/summary.mjs';

let dir;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mesh-suite-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const stage = { name: 'unit', title: 'unit tests', results: ['packages/*/.vitest/results.json'], excludeResults: ['packages/c/'] };
const none = { passed: 0, failed: 0, skipped: 0 };

function report(name, [passed, failed, skipped]) {
  mkdirSync(join(dir, 'packages', name, '.vitest'), { recursive: true });
  const tests = (status, n) =>
    Array.from({ length: n }, (_, i) => ({ status, fullName: `${status} ${i}`, failureMessages: ['boom\nstack'] }));
  const assertionResults = [...tests('passed', passed), ...tests('failed', failed), ...tests('pending', skipped)];
  const testResults = [
    { name: join(dir, 'packages', name, 'a.test.ts'), status: failed ? 'failed' : 'passed', message: '', assertionResults },
  ];
  writeFileSync(join(dir, 'packages', name, '.vitest/results.json'), JSON.stringify({ testResults }));
}

test('the reports of all packages add up, but those of another stage', () => {
  report('a', [3, 1, 0]);
  report('b', [2, 0, 1]);
  report('c', [100, 0, 0]);
  expect(countsOf(readReport(stage, dir))).toEqual({ passed: 5, failed: 1, skipped: 1 });
});

test('a failed test is named with the first line of its message', () => {
  report('a', [3, 1, 0]);
  expect(failuresOf(readReport(stage, dir))).toEqual(['packages/a/a.test.ts: failed 0: boom']);
});

test('a file that failed before its first test is named too', () => {
  mkdirSync(join(dir, 'packages/a/.vitest'), { recursive: true });
  const testResults = [
    { name: join(dir, 'packages/a/b.test.ts'), status: 'failed', message: 'no such module\nat x', assertionResults: [] },
  ];
  writeFileSync(join(dir, 'packages/a/.vitest/results.json'), JSON.stringify({ testResults }));
  expect(failuresOf(readReport(stage, dir))).toEqual(['packages/a/b.test.ts: no such module']);
});

test('the summary ends with the tests that failed, and those that failed once only', () => {
  const e2e = {
    stage,
    status: 'passed',
    counts: { passed: 1, failed: 0, skipped: 0 },
    seconds: 1,
    failures: [],
    flaky: ['x.test.ts: a: slow'],
  };
  const unit = {
    stage,
    status: 'FAILED',
    counts: { passed: 1, failed: 1, skipped: 0 },
    seconds: 1,
    failures: ['y.test.ts: b: 1 is not 2'],
    flaky: [],
  };
  expect(summarize([e2e, unit]).lines.slice(-2)).toEqual(['  flaky   x.test.ts: a: slow', '  failed  y.test.ts: b: 1 is not 2']);
});

test('a report of an earlier run is never counted', () => {
  report('a', [3, 1, 0]);
  clearResults(stage, dir);
  expect(resultFiles(stage, dir)).toEqual([]);
});

test('the closing line is plain and names skipped tests only where there are some', () => {
  const passed = { stage, status: 'passed', counts: { passed: 5, failed: 0, skipped: 0 }, seconds: 1 };
  expect(summarize([passed])).toMatchObject({ ok: true, closing: '5 passed, 0 failed' });
  expect(summarize([{ ...passed, counts: { passed: 5, failed: 0, skipped: 2 } }]).closing).toBe('5 passed, 0 failed, 2 skipped');
});

test('a stage that fails or is not run without a failed test still counts as one failure', () => {
  const lint = { stage: { name: 'lint', title: 'lint' }, status: 'FAILED', counts: none, seconds: 1 };
  const e2e = { stage: { name: 'e2e', title: 'e2e', results: [] }, status: 'not run', counts: none, seconds: 0 };
  expect(summarize([lint, e2e])).toMatchObject({ ok: false, closing: '0 passed, 2 failed' });
});

test('a failed test fails the run', () => {
  const unit = { stage, status: 'FAILED', counts: { passed: 1, failed: 3, skipped: 0 }, seconds: 1 };
  expect(summarize([unit])).toMatchObject({ ok: false, closing: '1 passed, 3 failed' });
});

test('stages can be chosen by name, and only by a name that exists', () => {
  expect(parseTestArguments(['--only', 'lint,unit'])).toMatchObject({ only: ['lint', 'unit'] });
  expect(parseTestArguments(['--skip=e2e'])).toMatchObject({ skip: ['e2e'] });
  expect(() => parseTestArguments(['--only', 'lnit'])).toThrow('lnit is no stage');
  expect(() => parseTestArguments(['--fast'])).toThrow('unknown argument --fast');
});

test('a stage needs only stages before it', () => {
  stages.forEach(({ needs = [] }, i) => {
    const before = stages.slice(0, i).map(({ name }) => name);
    expect(before).toEqual(expect.arrayContaining(needs));
  });
});
