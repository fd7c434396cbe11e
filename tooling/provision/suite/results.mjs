import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Files that a stage's patterns match. A pattern may hold one `*`, standing for one path segment. */
export function resultFiles(stage, top) {
  const found = (stage.results ?? []).flatMap((pattern) => expand(pattern, top));
  return found.filter((file) => !(stage.excludeResults ?? []).some((prefix) => file.startsWith(prefix))).map((file) => join(top, file));
}

/** Removes old reports, so that what is read afterwards was written by this run. */
export function clearResults(stage, top) {
  for (const file of resultFiles(stage, top)) rmSync(file, { force: true });
}

/**
 * The vitest reports of a stage, by test file: `{ passed, failed, skipped, failures }`, where `failures` are lines that
 * name a test and the start of its message. A file that failed outside of its tests has one failure and no failed test.
 */
export function readReport(stage, top) {
  const report = new Map();
  for (const file of resultFiles(stage, top)) {
    for (const result of JSON.parse(readFileSync(file, 'utf8')).testResults) report.set(result.name, fileReport(result, top));
  }
  return report;
}

/** Adds up a report. */
export function countsOf(report) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.values()) {
    counts.passed += file.passed;
    counts.failed += file.failed;
    counts.skipped += file.skipped;
  }
  return counts;
}

/** The lines that name what failed in a report. */
export function failuresOf(report) {
  return [...report.values()].flatMap(({ failures }) => failures);
}

function fileReport(result, top) {
  const name = relative(top, result.name);
  const tests = result.assertionResults;
  const count = (...statuses) => tests.filter(({ status }) => statuses.includes(status)).length;
  const failures = tests
    .filter(({ status }) => status === 'failed')
    .map((test) => `${name}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
  if (failures.length === 0 && result.status === 'failed') failures.push(`${name}: ${firstLine(result.message)}`);
  return { passed: count('passed'), failed: count('failed'), skipped: tests.length - count('passed', 'failed'), failures };
}

function firstLine(message = '') {
  return message.split('\n')[0].slice(0, 300);
}

function expand(pattern, top) {
  const star = pattern.indexOf('*');
  if (star < 0) return existsSync(join(top, pattern)) ? [pattern] : [];
  const before = pattern.slice(0, star);
  const dir = join(top, before);
  if (!existsSync(dir)) return [];
  const candidates = readdirSync(dir).map((name) => `${before}${name}${pattern.slice(star + 1)}`);
  return candidates.filter((file) => existsSync(join(top, file)));
}
