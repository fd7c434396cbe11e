import { readFileSync } from 'node:fs';

/** Linux counts CPU time of processes in hundredths of a second, whatever the kernel is built with (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** User and system CPU a process has used since it started, all threads. @throws Error where /proc does not tell. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name is in parentheses and may hold anything; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
