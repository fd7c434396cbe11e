import { spawn } from 'node:child_process';
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

export interface DnsperfOptions {
  readonly port: number;
  /** File with one question per line, asked over and over. */
  readonly questions: string;
  readonly seconds: number;
  /** Queries per second; as fast as they are answered where absent. */
  readonly rate?: number;
  /** Collects the latency of every query; costs dnsperf a line each. */
  readonly latencies?: boolean;
}

export interface DnsperfResult {
  readonly completed: number;
  readonly lost: number;
  readonly seconds: number;
  readonly latenciesMs: number[];
}

const CLIENTS = 4;
const OUTSTANDING = 200;
const START_DEADLINE_MS = 30_000;

/** One run of dnsperf against a port of this machine. @throws Error where it is missing, fails, or gets wrong answers. */
export async function runDnsperf(options: DnsperfOptions): Promise<DnsperfResult> {
  const args = ['-s', '127.0.0.1', '-p', String(options.port), '-d', options.questions, '-l', String(options.seconds)];
  args.push('-c', String(CLIENTS), '-q', String(OUTSTANDING), '-t', '2', '-O', 'suppress=timeout');
  if (options.rate) args.push('-Q', String(options.rate));
  if (options.latencies) args.push('-v');
  const latenciesMs: number[] = [];
  const summary = new Map<string, string>();
  const code = await readLines(args, (line) => {
    if (line.startsWith('> ')) return void addLatency(line, latenciesMs);
    const colon = line.indexOf(':');
    if (colon > 0) summary.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  });
  const number = (label: string) => Number.parseFloat(summary.get(label) ?? '');
  const completed = number('Queries completed');
  if (code !== 0 || !(completed >= 0)) throw new Error(`dnsperf ended with ${code}: ${[...summary].flat().join(' ')}`);
  const codes = summary.get('Response codes') ?? '';
  if (completed > 0 && !/^NOERROR \d+ \(100\.00%\)$/.test(codes)) throw new Error(`wrong answers: ${codes}`);
  return { completed, lost: number('Queries lost'), seconds: number('Run time (s)'), latenciesMs };
}

/** Waits until a server answers. @throws Error after 30 s, or why `aborted`. */
export async function untilAnswered(load: Pick<DnsperfOptions, 'port' | 'questions'>, aborted: AbortSignal): Promise<void> {
  const end = performance.now() + START_DEADLINE_MS;
  while ((await runDnsperf({ ...load, seconds: 1, rate: 20 }).catch(() => undefined))?.completed !== 20) {
    aborted.throwIfAborted();
    if (performance.now() > end) throw new Error(`nothing answers on port ${load.port} after ${START_DEADLINE_MS / 1000} s`);
    await delay(50);
  }
}

/** `> NOERROR service-1.mesh A 0.000123`: the last word is seconds. */
function addLatency(line: string, latenciesMs: number[]): void {
  const seconds = Number.parseFloat(line.slice(line.lastIndexOf(' ') + 1));
  if (!Number.isNaN(seconds)) latenciesMs.push(seconds * 1000);
}

/** Lines are read once it has ended: reading 20,000 a second beside it would take the CPU that is measured. */
async function readLines(args: readonly string[], onLine: (line: string) => void): Promise<number | null> {
  const directory = mkdtempSync(join(tmpdir(), 'mesh-dnsperf-'));
  try {
    const file = join(directory, 'output');
    const output = openSync(file, 'w');
    const child = spawn('dnsperf', args, { stdio: ['ignore', output, 'inherit'] });
    closeSync(output);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('close', resolve);
      child.once('error', (cause: NodeJS.ErrnoException) =>
        reject(
          cause.code === 'ENOENT' ? new Error('dnsperf is not installed; on Debian and Ubuntu: apt-get install dnsperf', { cause }) : cause,
        ),
      );
    });
    for await (const line of createInterface({ input: createReadStream(file) })) onLine(line);
    return code;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
