import type { Command } from 'commander';
import { dataOf } from '../client/open.js';
import type { Io } from '../io.js';
import { requireFlags } from '../options.js';
import { Session } from '../session.js';

type ReleaseOptions = {
  readonly peer?: string;
  readonly kind?: string;
  readonly name?: string;
};

/** `kumactl release held-removals`: lets go of what is kept of a peer that came back without it, or with a default of it. */
export function addReleaseCommand(root: Command, io: Io): void {
  root
    .command('release')
    .description('Let go of what is held back')
    .command('held-removals')
    .description(
      'Remove resources that are kept although their owner no longer has them, and take its defaults; "kumactl inspect held-removals" lists them',
    )
    .option('--peer <string>', '"global", or the name of the zone that no longer has them')
    .option('--kind <string>', 'only those of a kind')
    .option('--name <string>', 'only the one of this name, as the list shows it')
    .action(async (options: ReleaseOptions, self: Command) => {
      requireFlags(options, ['peer']);
      const client = await new Session(self, io).connect();
      const { peer, kind, name } = options;
      const query = { peer: peer ?? '', ...(kind === undefined ? {} : { kind }), ...(name === undefined ? {} : { name }) };
      const { items } = await dataOf(client.DELETE('/held-removals', { params: { query } }));
      for (const { kind, name, released } of items) io.out(`${released} ${kind} "${name}"\n`);
      if (items.length === 0) io.out('nothing is held back\n');
    });
}
