import type { Logger } from '@mesh/core';
import { type DestinationStream, destination, pino } from 'pino';
import pretty from 'pino-pretty';

/** Levels of `--log-level`, as Kuma spells them. */
export const LOG_LEVELS = ['off', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  /** Goes into every line as `service`. */
  readonly name: string;
  readonly level: LogLevel;
  /** For people instead of machines. */
  readonly pretty?: boolean;
  /** Where lines go; default: stdout. */
  readonly stream?: DestinationStream;
}

/** A logger that writes one JSON line per event, synchronously, so that the last words of a process are seen. */
export function createLogger(options: LoggerOptions): Logger {
  const stdout = destination({ dest: 1, sync: true });
  const stream = options.stream ?? (options.pretty ? pretty({ destination: stdout, sync: true }) : stdout);
  return pino(
    {
      level: options.level === 'off' ? 'silent' : options.level,
      base: { service: options.name },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}
