import type { Command } from 'commander';
import { UserError } from '../errors.js';

const UNAVAILABLE = [
  ['install', 'Install various Kuma components'],
  ['uninstall', 'Uninstall various Kuma components'],
  ['export', 'Export Kuma resources'],
] as const;

/** Commands of Kuma this build does not have: they say so instead of being unknown. */
export function addUnavailableCommands(root: Command): void {
  for (const [name, description] of UNAVAILABLE) {
    root
      .command(name)
      .description(`${description} (not available yet)`)
      .argument('[arguments...]')
      .allowUnknownOption()
      .action((given: readonly string[]) => {
        const [what] = given.filter((each) => !each.startsWith('-'));
        throw new UserError(`"kumactl ${what ? `${name} ${what}` : name}" is not available yet`);
      });
  }
}
