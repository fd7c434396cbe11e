import type { ManagedProcess } from '@mesh/lab-kit';

/** The metric counts from one ring of a timer of so many milliseconds to the next: an idle process shows that much. */
const TIMER_MS = 10;

/** How long a process kept its event loop from turning since the last time it was asked, in milliseconds. */
export interface EventLoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Reads it from the diagnostics of a process; asking starts it anew. @throws Error where it does not tell. */
export async function eventLoopDelay(process: ManagedProcess): Promise<EventLoopDelay> {
  const response = await fetch(`http://127.0.0.1:${process.spec.env['KUMA_DIAGNOSTICS_SERVER_PORT']}/metrics`);
  const text = await response.text();
  const milliseconds = (name: string): number => {
    const value = new RegExp(`^nodejs_eventloop_lag_${name}_seconds(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`${process.spec.name} does not tell the delay of its event loop`);
    return Math.max(0, Number(value) * 1000 - TIMER_MS);
  };
  return { p99Ms: milliseconds('p99'), maxMs: milliseconds('max') };
}
