import type { Logger } from '@mesh/core';

const LEVELS = { off: 99, error: 40, warn: 30, info: 20, debug: 10 } as const;
export type LogLevel = keyof typeof LEVELS;

/** One JSON line per event on standard error: Envoy's own log goes there too. */
export function createDpLogger(level: LogLevel, write: (line: string) => void = (line) => process.stderr.write(line)): Logger {
  return build({ name: 'kuma-dp' }, { threshold: LEVELS[level], write });
}

function build(bound: object, sink: { threshold: number; write: (line: string) => void }): Logger {
  const at = (name: keyof typeof LEVELS) => (fields: object, msg: string) => {
    if (LEVELS[name] >= sink.threshold)
      sink.write(`${JSON.stringify({ level: name, time: new Date().toISOString(), ...bound, ...fields, msg })}\n`);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => build({ ...bound, ...fields }, sink),
  };
}

export function isLogLevel(text: string): text is LogLevel {
  return Object.hasOwn(LEVELS, text);
}
