import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** One line for each recorded run; later runs are compared with it by eye or by script. */
const FILE = join(import.meta.dirname, '../history.jsonl');

/** Appends the figures of a run to `bench/history.jsonl`, with the time, the commit and the machine. */
export function record(bench: string, machine: string, figures: unknown): string {
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  const line = { time: new Date().toISOString(), commit, machine, bench, figures };
  appendFileSync(FILE, `${JSON.stringify(line)}\n`);
  return FILE;
}
