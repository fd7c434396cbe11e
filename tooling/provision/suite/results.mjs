import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Files that a stage's patterns match. A pattern may hold one `*`, standing for one path segment. */
export function resultFiles(stage, top) {
  const found = (stage.results ?? []).flatMap((pattern) => expand(pattern, top));
  return found.filter((file) => !(stage.excludeResults ?? []).some((prefix) => file.startsWith(prefix))).map((file) => join(top, file));
}

/** Removes old reports, so that what is read afterwards was written by this run. */
export function clearResults(stage, top) {
  for (const file of resultFiles(stage, top)) rmSync(file, { force: true });
}

/** Adds up the vitest reports of a stage. */
export function readCounts(stage, top) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of resultFiles(stage, top)) {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    counts.passed += report.numPassedTests;
    counts.failed += report.numFailedTests;
    counts.skipped += report.numPendingTests + report.numTodoTests;
  }
  return counts;
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
