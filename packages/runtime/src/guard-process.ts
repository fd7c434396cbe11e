import type { Logger } from '@mesh/core';
import type { Metrics } from './metrics.js';

/** Watches over a process while its services run. */
export interface ProcessGuard {
  /** Resolves with the name of the first SIGINT or SIGTERM; a second one ends the process at once. */
  readonly stopRequested: Promise<string>;
  /** Rejects with what nobody caught before `started` was called. */
  readonly startFailed: Promise<never>;
  /** From now on what nobody catches is logged and counted, and the process goes on. */
  started(): void;
  /** Takes all handlers away. */
  release(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Takes over signals and what nobody catches: one stream's bug must not end all the others. */
export function guardProcess(context: { log: Logger; metrics: Metrics }): ProcessGuard {
  const { log, metrics } = context;
  const unhandled = metrics.counter({ name: 'process_unhandled_errors_total', help: 'Errors that nobody caught.', labels: ['kind'] });
  let up = false;
  const stop = deferred<string>();
  const failed = deferred<never>();
  failed.promise.catch(() => {});

  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals++;
    stop.resolve(signal);
    if (!up) failed.reject(new Error(`${signal} while starting`));
    if (signals > 1) process.exit(1);
  };
  const onUncaught = (kind: string) => (err: unknown) => {
    unhandled.inc({ kind });
    log.error({ err, kind }, 'an error nobody caught');
    if (!up) failed.reject(err instanceof Error ? err : new Error(String(err)));
  };
  const onRejection = onUncaught('rejection');
  const onException = onUncaught('exception');

  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('unhandledRejection', onRejection);
  process.on('uncaughtException', onException);
  return {
    stopRequested: stop.promise,
    startFailed: failed.promise,
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

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: unknown) => void } {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  return { promise, resolve, reject };
}
