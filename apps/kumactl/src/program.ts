import { Command } from 'commander';
import { UserError } from './errors.js';
import { formatHelp, pathOf } from './help.js';
import type { Io } from './io.js';

/** Adds one command of the root, with all below it. */
type AddCommand = (root: Command, io: Io) => void;

/** A command of the root. Its code is loaded when it is asked for: most of the time of a short run is loading. */
interface Part {
  readonly name: string;
  /** What the list of commands says of it. */
  readonly summary: string;
  readonly load: () => Promise<AddCommand>;
}

const PARTS: readonly Part[] = [
  { name: 'apply', summary: 'Create or modify Kuma resources', load: async () => (await import('./apply/apply.js')).addApplyCommand },
  {
    name: 'completion',
    summary: 'Output shell completion code for bash, fish, powershell or zsh',
    load: async () => (await import('./completion/commands.js')).addCompletionCommands,
  },
  { name: 'config', summary: 'Modify kumactl config files', load: async () => (await import('./commands/config.js')).addConfigCommands },
  { name: 'delete', summary: 'Delete Kuma resources', load: async () => (await import('./commands/delete.js')).addDeleteCommand },
  { name: 'export', summary: 'Export Kuma resources', load: async () => (await import('./export/command.js')).addExportCommand },
  {
    name: 'generate',
    summary: 'Generate resources, tokens, etc',
    load: async () => (await import('./generate/commands.js')).addGenerateCommands,
  },
  { name: 'get', summary: 'Show Kuma resources', load: async () => (await import('./commands/get.js')).addGetCommands },
  { name: 'inspect', summary: 'Inspect Kuma resources', load: async () => (await import('./inspect/commands.js')).addInspectCommands },
  {
    name: 'install',
    summary: 'Install various Kuma components.',
    load: async () => (await import('./install/commands.js')).addInstallCommands,
  },
  { name: 'release', summary: 'Let go of what is held back', load: async () => (await import('./commands/release.js')).addReleaseCommand },
  {
    name: 'uninstall',
    summary: 'Uninstall various Kuma components.',
    load: async () => (await import('./install/commands.js')).addUninstallCommands,
  },
  { name: 'version', summary: 'Print version', load: async () => (await import('./commands/version.js')).addVersionCommand },
  {
    name: 'wait',
    summary: 'Wait until zones and proxies have a revision',
    load: async () => (await import('./commands/wait.js')).addWaitCommand,
  },
];

/** What shows any command, so that all have to be there. */
const NEEDS_ALL = new Set(['help']);

/** The command line for `argv`, writing to `io` only: the command that is asked for, and the names of all others. */
export async function createProgram(argv: readonly string[], io: Io): Promise<Command> {
  const root = createRoot(io);
  const wanted = commandOf(argv, root);
  for (const { name, summary, load } of PARTS) {
    if (name === wanted || NEEDS_ALL.has(wanted ?? '')) (await load())(root, io);
    else root.command(name).description(summary);
    root.commands.find((each) => each.name() === name)?.summary(summary);
  }
  prepare(root);
  root.helpCommand('help [command]', 'Help about any command');
  return root;
}

function createRoot(io: Io): Command {
  return new Command('kumactl')
    .description('Management tool for Kuma')
    .configureHelp({ formatHelp })
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'Error: ').replace(/unknown option '(.*)'/, 'unknown flag: $1')),
    })
    .exitOverride()
    .option('--config-file <string>', 'path to the configuration file to use')
    .option('--context <string>', 'context to use')
    .option('--log-level <string>', 'log level: one of off|info|debug; debug tells each request on stderr', 'off')
    .option('--no-config', 'if set no config file and config directory will be created')
    .option('--api-timeout <duration>', 'the timeout for api calls, from the connection to the last byte; zero means no timeout', '1m0s');
}

/** The first word that is neither a flag of the root nor its value. */
function commandOf(argv: readonly string[], root: Command): string | undefined {
  const takesValue = new Set(root.options.filter(({ required }) => required).map(({ long }) => long));
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (!word.startsWith('-')) return word;
    if (takesValue.has(word)) i++;
  }
  return undefined;
}

/** Flags and errors alike in all commands; a group shows its help, or says what it does not know. */
function prepare(command: Command): void {
  command.helpOption('-h, --help', `help for ${command.name()}`);
  if (command.commands.length > 0) {
    command
      .helpCommand(false)
      .allowExcessArguments(true)
      .allowUnknownOption()
      .action((_options: unknown, self: Command) => {
        const given = self.args.find((word) => !word.startsWith('-'));
        if (given === undefined && self.args.length > 0) throw new UserError(`unknown flag: ${self.args[0]}`);
        if (given === undefined) return self.outputHelp();
        throw new UserError(`unknown command "${given}" for "${pathOf(self)}"\nRun '${pathOf(self)} --help' for usage.`);
      });
  } else {
    command.allowExcessArguments(false).showHelpAfterError(`Run '${pathOf(command)} --help' for usage.`);
  }
  for (const child of command.commands) prepare(child);
}
