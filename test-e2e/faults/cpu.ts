import { cpuSeconds } from '@mesh/lab-kit';

/** CPU that a process has used since its start, in milliseconds: what counts on a machine that others use too; not known but on Linux. */
export function cpuMs(pid: number): number | 'unknown' {
  return process.platform === 'linux' ? Math.round(cpuSeconds(pid) * 1000) : 'unknown';
}
