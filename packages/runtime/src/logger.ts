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
  /** File lines go to; default: stdout. */
  readonly path?: string | undefined;
  /** Takes the lines instead of a file. */
  readonly stream?: DestinationStream;
}

/** A logger that writes one JSON line per event, synchronously, so that the last words of a process are seen. */
export function createLogger(options: LoggerOptions): Logger {
  const output = options.stream ?? destination({ dest: options.path || 1, sync: true, mkdir: true });
  const stream = options.pretty ? pretty({ destination: output, sync: true }) : output;
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
