/**
 * The last lines of a run. Counts are tests; a stage that failed without a failed test (a compiler error, a lint
 * finding, a crash) counts as one failure, so that the closing line is never better than the exit code.
 */
export function summarize(outcomes) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const outcome of outcomes) {
    total.passed += outcome.counts.passed;
    total.failed += failedIn(outcome);
    total.skipped += outcome.counts.skipped;
  }
  const lines = [...outcomes.map(line), ...named('flaky ', outcomes, 'flaky'), ...named('failed', outcomes, 'failures')];
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  return { ok: total.failed === 0, lines, closing: `${total.passed} passed, ${total.failed} failed${skipped}` };
}

function failedIn({ status, counts }) {
  if (status === 'passed') return counts.failed;
  return Math.max(1, counts.failed);
}

/** At most ten a group: the counts above tell how many there were. */
function named(word, outcomes, field) {
  return outcomes.flatMap((outcome) => (outcome[field] ?? []).slice(0, 10).map((text) => `  ${word}  ${text}`));
}

function line({ stage, status, counts, seconds }) {
  const tests = stage.results ? `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped` : '';
  return `  ${status.padEnd(8)}${stage.name.padEnd(12)}${`${seconds.toFixed(1)} s`.padStart(9)}   ${tests || stage.title}`;
}
