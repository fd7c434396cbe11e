import { spawn } from 'node:child_process';
import { cpuSeconds } from '@mesh/lab-kit';

/** What one run of wrk found. */
export interface WrkFigures {
  readonly requestsPerSecond: number;
  /** CPU of the server per request, in microseconds: says what the server costs whatever else the machine does. */
  readonly cpuMicroseconds: number;
  readonly p99Ms: number;
  /** Answers that were no success. */
  readonly refused: number;
}

export interface WrkOptions {
  readonly url: string;
  readonly seconds: number;
  /** Process whose CPU is counted. */
  readonly pid: number;
}

/** One thread, 16 connections. @throws Error where wrk cannot be started. */
export async function wrk({ url, seconds, pid }: WrkOptions): Promise<WrkFigures> {
  const before = cpuSeconds(pid);
  const output = await run(['-t1', '-c16', `-d${seconds}s`, '--latency', url]);
  const cpu = cpuSeconds(pid) - before;
  const requests = Number(/(\d+) requests in/.exec(output)?.[1] ?? 0);
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0),
    cpuMicroseconds: (cpu * 1e6) / Math.max(1, requests),
    p99Ms: milliseconds(/99%\s+([\d.]+)(us|ms|s)\b/.exec(output)),
    refused: Number(/Non-2xx or 3xx responses:\s+(\d+)/.exec(output)?.[1] ?? 0),
  };
}

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

function milliseconds(match: RegExpExecArray | null): number {
  return match ? Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1) : Number.NaN;
}

function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('wrk', [...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', () => reject(new Error('wrk cannot be started; install it (Debian: apt-get install wrk)')));
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`wrk ended with ${code}: ${output}`))));
  });
}
