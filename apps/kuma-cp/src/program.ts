import { MeshError } from '@mesh/core';
import { LOG_LEVELS, loadConfig, printConfig, reportErrors, run } from '@mesh/runtime';
import { Command, CommanderError, Option } from 'commander';
import { servicesOf } from './app.module.js';
import { migrateUp } from './migrate.js';
import { versionText } from './version.js';

/** Arguments, environment and outputs of one invocation. */
export interface Invocation {
  /** Arguments after the program name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  write(text: string): void;
}

interface LogFlags {
  readonly logLevel: string;
  readonly logOutputPath: string;
}

/**
 * The command line of kuma-cp (contract/rest-api.md §6).
 * @returns the exit code: 0 for success and help, 1 for every error.
 */
export function kumaCp(invocation: Invocation): Promise<number> {
  return reportErrors('kuma-cp', async () => {
    let code = 0;
    const program = buildProgram(invocation, (result) => {
      code = result;
    });
    try {
      await program.parseAsync([...invocation.argv], { from: 'user' });
    } catch (error) {
      if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1; // commander has printed why
      throw error;
    }
    return code;
  });
}

function buildProgram(invocation: Invocation, setCode: (code: number) => void): Command {
  const program = new Command('kuma-cp').description('Universal control plane for service meshes that span zones.');
  program.exitOverride().configureOutput({ writeOut: (text) => invocation.write(text) });
  program.addOption(new Option('--log-level <level>', 'how much to log').choices([...LOG_LEVELS]).default('info'));
  program.option('--log-output-path <file>', 'file to log to instead of stdout', '');
  for (const flag of ['max-size', 'max-age', 'max-retained-files']) {
    program.addOption(new Option(`--log-${flag} <number>`, 'accepted; use logrotate').hideHelp());
  }
  program.option('--print-config', 'print the effective configuration, secrets redacted, and exit');
  program.option('-c, --config-file <file>', 'YAML configuration; KUMA_* variables win over it');
  program.allowExcessArguments().action((options: { printConfig?: boolean; configFile?: string }) => {
    const [unknown] = program.args;
    if (unknown !== undefined)
      throw new MeshError('bad_request', { public: `unknown command "${unknown}"`, hint: '--help says what can be given' });
    if (!options.printConfig) return program.outputHelp();
    invocation.write(`${printConfig(loadConfig({ file: options.configFile, env: invocation.env }).config, 2)}\n`);
  });
  addRun(program, { invocation, setCode });
  addMigrate(program, invocation);
  addVersion(program, invocation);
  return program;
}

function addRun(program: Command, context: { invocation: Invocation; setCode: (code: number) => void }): void {
  const command = program.command('run').description('Launch the control plane.');
  command.option('-c, --config-file <file>', 'YAML configuration; KUMA_* variables win over it');
  command.option('--print-config', 'print the effective configuration, secrets redacted, and exit');
  command.action(async () => {
    const flags = command.optsWithGlobals<LogFlags & { configFile?: string; printConfig?: boolean }>();
    const { env } = context.invocation;
    context.setCode(await run({ name: 'kuma-cp', services: servicesOf, env }, flags));
  });
}

function addMigrate(program: Command, invocation: Invocation): void {
  const migrate = program.command('migrate').description('Migrate the schema of the database.');
  const up = migrate.command('up').description('Bring the schema up to date.');
  up.option('-c, --config-file <file>', 'YAML configuration; KUMA_* variables win over it');
  up.action(async () => {
    const { configFile } = up.optsWithGlobals<{ configFile?: string }>();
    invocation.write(await migrateUp({ configFile, env: invocation.env }));
  });
  migrate.action(() => {
    throw new MeshError('bad_request', { public: 'say what to migrate: kuma-cp migrate up' });
  });
}

function addVersion(program: Command, invocation: Invocation): void {
  const version = program.command('version').description('Print the version.');
  version.option('-a, --detailed', 'with facts about the build');
  version.action((options: { detailed?: boolean }) => invocation.write(versionText(options.detailed ?? false)));
}
