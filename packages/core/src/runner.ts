/** A part of a service with a life of its own; started in order, stopped in reverse. */
export interface Runner {
  readonly name: string;
  start(): Promise<void>;
  /** Leaves to other instances what only one does at a time; comes before any service of the process stops. */
  handOver?(): Promise<void>;
  stop(): Promise<void>;
}

/** Where packages without a logging library of their own write. pino satisfies it. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

/** Discards everything: for tests and tools. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};

/** Time as an input, so that tests own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
