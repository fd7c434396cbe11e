import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface ReachOptions {
  readonly host: string;
  readonly port: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Told why, whenever an attempt fails. */
  readonly onFailure?: (reason: string) => void;
}

/** Patience of one attempt after the other, in ms: mostly short, so that a network is noticed soon that is there again. */
const ATTEMPTS_MS = [1_000, 1_000, 1_000, 3_000];
/** A random part of it passes between two attempts. */
const PAUSE_MS = 500;

/**
 * Resolves when a TCP connection to the address comes about, or the signal aborts. Where packets are dropped, one long attempt
 * would send its next one only after a pause that doubles each time; a new attempt sends at once. The name is resolved each time.
 */
export async function untilReachable(options: ReachOptions): Promise<void> {
  const { signal, onFailure } = options;
  for (let attempt = 0; !signal.aborted; attempt++) {
    const reason = await tryOnce(options, ATTEMPTS_MS[attempt % ATTEMPTS_MS.length] ?? 1_000);
    if (reason === undefined) return;
    onFailure?.(reason);
    await delay(PAUSE_MS * Math.random(), undefined, { signal }).catch(() => {});
  }
}

/** Why it did not connect; undefined where it did. */
function tryOnce({ host, port, signal }: ReachOptions, patienceMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port });
    const end = (reason?: string): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(reason);
    };
    const onAbort = (): void => end('stopped');
    const timer = setTimeout(() => end(`no connection to ${host}:${port} within ${patienceMs / 1000} s`), patienceMs);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => end());
    socket.once('error', (error) => end(error.message));
  });
}
