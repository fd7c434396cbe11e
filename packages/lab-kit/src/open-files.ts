import { readdirSync } from 'node:fs';

/** Number of files and sockets a process has open, or undefined where the system does not tell (not Linux, process gone). */
export function openFiles(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}
