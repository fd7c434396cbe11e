import type { Logger } from '@mesh/core';

/** A line of a log. */
export interface Line {
  readonly level: string;
  readonly text: string;
}

/** A log that is kept: its lines in order, each with its fields as JSON behind the text. */
export function keptLog(): { readonly log: Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, text?: string) => void lines.push({ level, text: `${text} ${JSON.stringify(fields)}` });
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  return { log, lines };
}
