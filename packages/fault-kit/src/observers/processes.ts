import { readFileSync } from 'node:fs';
import { type ProcessGroup, residentBytes } from '@mesh/lab-kit';

/** What no service may ever say: it was surprised by an error of its own. */
const SURPRISES = /uncaught|unhandled|MaxListenersExceeded|heap out of memory|TypeError:|RangeError:|ReferenceError:/i;
const SAMPLE_MS = 1_000;
const MIB = 1024 * 1024;
/** No service of this small mesh may need more, whatever happens to it. */
const BYTES_MAX = 400 * MIB;

/** Watches the memory and the output of control-plane processes. */
export class ProcessWatch {
  private readonly peak = new Map<number, number>();
  private readonly read = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly group: ProcessGroup) {}

  start(): void {
    this.sample();
    this.timer = setInterval(() => this.sample(), SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Largest memory of any control-plane process so far, in bytes. */
  get peakBytes(): number {
    return Math.max(0, ...this.peak.values());
  }

  /** Ends nobody asked for, memory beyond bounds, surprises in the logs since the last call. */
  findings(): string[] {
    const found: string[] = [];
    if (this.group.signal.aborted) found.push(String(this.group.signal.reason));
    for (const { spec, pid, logFile } of this.group.processes.filter(({ spec }) => spec.role === 'control-plane')) {
      const bytes = this.peak.get(pid) ?? 0;
      if (bytes > BYTES_MAX) found.push(`${spec.name} has needed ${Math.round(bytes / MIB)} MiB`);
      found.push(...this.newLines(logFile).filter((line) => SURPRISES.test(line)));
    }
    return found;
  }

  private sample(): void {
    for (const { spec, pid, running } of this.group.processes) {
      if (spec.role !== 'control-plane' || !running) continue;
      const bytes = residentBytes(pid);
      if (bytes === undefined) continue;
      this.peak.set(pid, Math.max(bytes, this.peak.get(pid) ?? 0));
    }
  }

  private newLines(file: string): string[] {
    const text = readFileSync(file, 'utf8');
    const from = this.read.get(file) ?? 0;
    this.read.set(file, text.length);
    return text.slice(from).split('\n');
  }
}
