const LEVELS = { off: 99, error: 40, warn: 30, info: 20, debug: 10 } as const;
type Level = keyof typeof LEVELS;

/** Writes an event. */
export type EventLog = (level: Exclude<Level, 'off'>, message: string, fields?: object) => void;

/** One JSON line per event on standard error. */
export function eventLog(threshold: Level): EventLog {
  return (level, msg, fields = {}) => {
    if (LEVELS[level] < LEVELS[threshold]) return;
    const line = { level, time: new Date().toISOString(), name: 'kuma-prometheus-sd', ...fields, msg };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  };
}

/** Whether a text is a level as users may give it. */
export function isLogLevel(text: string): text is Level {
  return Object.hasOwn(LEVELS, text);
}
