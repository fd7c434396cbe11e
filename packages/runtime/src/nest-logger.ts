import type { Logger } from '@mesh/core';
import type { LoggerService } from '@nestjs/common';

/** Sends what Nest says to our logger; its chatter about modules only at debug level. */
export function nestLogger(log: Logger): LoggerService {
  const nest = log.child({ scope: 'nest' });
  return {
    log: (message: unknown) => nest.debug({}, String(message)),
    debug: (message: unknown) => nest.debug({}, String(message)),
    verbose: (message: unknown) => nest.debug({}, String(message)),
    warn: (message: unknown) => nest.warn({}, String(message)),
    error: (message: unknown) => nest.error({}, String(message)),
    fatal: (message: unknown) => nest.error({}, String(message)),
  };
}
