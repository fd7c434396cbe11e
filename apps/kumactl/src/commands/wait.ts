import type { Command } from 'commander';
import { UserError } from '../errors.js';
import type { Io } from '../io.js';
import { requireFlags } from '../options.js';
import { Session } from '../session.js';
import { readTimeout, waitForRevision } from '../wait/wait.js';

/** `kumactl wait`: until every zone and every connected proxy has a revision. */
export function addWaitCommand(root: Command, io: Io): void {
  root
    .command('wait')
    .description('Wait until zones and proxies have a revision')
    .option('--revision <int>', 'the revision, as the header Kuma-Revision of a write carries it')
    .option('--timeout <duration>', 'how long to wait', '30s')
    .action(async (options: { revision?: string; timeout: string }, self: Command) => {
      requireFlags(options, ['revision']);
      const revision = options.revision ?? '';
      if (!/^\d{1,15}$/.test(revision))
        throw new UserError(`invalid argument "${revision}" for "--revision": use the number of a revision`);
      const session = new Session(self, io);
      await waitForRevision(session, session.client(), { revision: Number(revision), timeoutMs: readTimeout(options.timeout) });
    });
}
