import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time of processes in hundredths of a second, whatever the kernel is built with (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** User and system CPU a process has used since it started, all threads. @throws Error where /proc does not tell. */
export function cpuSeconds(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[UTIME]) + Number(fields[UTIME + 1])) / TICKS_PER_SECOND;
}

/** The same of a process and of its children, those that ended too: a server of Postgres is one process for each connection. */
export function cpuSecondsOfFamily(pid: number): number {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return statOf(Number(name))[PARENT] === String(pid) ? [cpuSeconds(Number(name))] : [];
      } catch {
        return []; // ended since the directory was read
      }
    });
  const fields = statOf(pid);
  const ended = (Number(fields[UTIME + 2]) + Number(fields[UTIME + 3])) / TICKS_PER_SECOND;
  return children.reduce((sum, seconds) => sum + seconds, cpuSeconds(pid) + ended);
}

/** Places in what follows the name of the process: its parent; its time as a user, in the system, and both of ended children. */
const PARENT = 1;
const UTIME = 11;

function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name is in parentheses and may hold anything.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
