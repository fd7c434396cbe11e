import type { Logger } from '@mesh/core';
import type { Metrics } from './metrics.js';

/** Watches over a process while its services run. */
export interface ProcessGuard {
  /** Resolves with the name of the first SIGINT or SIGTERM; a second one ends the process at once. */
  readonly stopRequested: Promise<string>;
  /**
   * Aborted where the start must not go on: with `StoppedWhileStarting` by the first signal, or with what
   * nobody caught, before `started` was called.
   */
  readonly startAborted: AbortSignal;
  /** From now on what nobody catches is logged and counted, and the process goes on. */
  started(): void;
  /** Takes all handlers away. */
  release(): void;
}

/** Somebody asked the process to end before it was up. */
export class StoppedWhileStarting extends Error {
  constructor(readonly signal: string) {
    super(`${signal} while starting`);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Takes over signals and what nobody catches: one stream's bug must not end all the others. */
export function guardProcess(context: { log: Logger; metrics: Metrics }): ProcessGuard {
  const { log, metrics } = context;
  const unhandled = metrics.counter({ name: 'process_unhandled_errors_total', help: 'Errors that nobody caught.', labels: ['kind'] });
  let up = false;
  const start = new AbortController();
  let requestStop: (signal: string) => void = () => {};
  const stopRequested = new Promise<string>((resolve) => {
    requestStop = resolve;
  });

  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals++;
    requestStop(signal);
    if (!up) start.abort(new StoppedWhileStarting(signal));
    if (signals > 1) process.exit(1);
  };
  const onUncaught = (kind: string) => (err: unknown) => {
    unhandled.inc({ kind });
    log.error({ err, kind }, 'an error nobody caught');
    if (!up) start.abort(err instanceof Error ? err : new Error(String(err)));
  };
  const onRejection = onUncaught('rejection');
  const onException = onUncaught('exception');

  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('unhandledRejection', onRejection);
  process.on('uncaughtException', onException);
  return {
    stopRequested,
    startAborted: start.signal,
    started: () => {
      up = true;
    },
    release: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      process.off('unhandledRejection', onRejection);
      process.off('uncaughtException', onException);
    },
  };
}
