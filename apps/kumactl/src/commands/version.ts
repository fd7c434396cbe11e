import { BUILD_INFO, messageOf, PRODUCT } from '@mesh/core';
import type { Command } from 'commander';
import { dataOf } from '../client/open.js';
import type { Io } from '../io.js';
import { Session } from '../session.js';

/** `kumactl version`: of the client, and of the server where it answers. */
export function addVersionCommand(root: Command, io: Io): void {
  root
    .command('version')
    .description('Print version')
    .option('-a, --detailed', 'print detailed version')
    .action(async (options: { detailed?: boolean }, self: Command) => {
      const detailed = options.detailed ?? false;
      io.out(detailed ? detailedClient() : `Client: ${PRODUCT} ${BUILD_INFO.version}\n`);
      try {
        const index = await dataOf(new Session(self, io).client().GET('/'));
        io.out(`Server: ${detailed ? JSON.stringify(sortKeys(index), null, 3) : `${index.product} ${index.version}`}\n`);
      } catch (error) {
        io.err(`Unable to connect to control plane: ${messageOf(error)}\n`);
      }
    });
}

function detailedClient(): string {
  const { version, gitTag, gitCommit, buildDate } = BUILD_INFO;
  const lines = [
    ['Product:', PRODUCT],
    ['Version:', version],
    ['Git Tag:', gitTag],
    ['Git Commit:', gitCommit],
    ['Build Date:', buildDate],
  ] as const;
  return lines.map(([label, value]) => `${label.padEnd(15)}${value}\n`).join('');
}

function sortKeys(index: object): object {
  return Object.fromEntries(Object.entries(index).sort(([a], [b]) => (a < b ? -1 : 1)));
}
