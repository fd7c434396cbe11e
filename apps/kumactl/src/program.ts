import { Command } from 'commander';
import { addApplyCommand } from './apply/apply.js';
import { addCompletionCommands } from './commands/completion.js';
import { addConfigCommands } from './commands/config.js';
import { addDeleteCommand } from './commands/delete.js';
import { addGenerateCommands } from './commands/generate.js';
import { addGetCommands } from './commands/get.js';
import { addUnavailableCommands } from './commands/unavailable.js';
import { addVersionCommand } from './commands/version.js';
import { UserError } from './errors.js';
import { addInspectCommands } from './inspect/commands.js';
import type { Io } from './io.js';

/** The whole command line, writing to `io` only. */
export function createProgram(io: Io): Command {
  const root = new Command('kumactl')
    .description('Management tool for Kuma')
    .option('--config-file <path>', 'path to the configuration file to use')
    .option('--context <name>', 'context to use')
    .option('--log-level <level>', 'log level: one of off|info|debug', 'off')
    .option('--no-config', 'if set no config file and config directory will be created')
    .option('--api-timeout <duration>', 'the timeout for api calls; zero means no timeout', '1m');
  addApplyCommand(root, io);
  addCompletionCommands(root, io);
  addConfigCommands(root, io);
  addDeleteCommand(root, io);
  addGenerateCommands(root, io);
  addGetCommands(root, io);
  addInspectCommands(root, io);
  addUnavailableCommands(root);
  addVersionCommand(root, io);
  prepare(root, io);
  return root;
}

/** Every command throws instead of ending the process and writes to `io`; groups show their help. */
function prepare(command: Command, io: Io): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.out(text),
    writeErr: (text) => io.err(text),
    outputError: (text, write) => write(text.replace(/^error: /, 'Error: ').replace(/unknown option '(.*)'/, 'unknown flag: $1')),
  });
  if (command.commands.length > 0) {
    command
      .helpCommand(true)
      .usage('[command]')
      .allowExcessArguments(true)
      .action((_options: unknown, self: Command) => {
        const [given] = self.args;
        if (given === undefined) return self.outputHelp();
        const path = pathOf(self);
        throw new UserError(`unknown command "${given}" for "${path}"\nRun '${path} --help' for usage.`);
      });
  }
  for (const child of command.commands) prepare(child, io);
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
