import { parseArgs } from 'node:util';
import { BUILD_INFO, type Logger, MeshError, messageOf, PRODUCT } from '@mesh/core';
import { type KumaConfig, loadConfig, printConfig } from './config/index.js';
import { Health } from './health.js';
import { createLogger, LOG_LEVELS, type LogLevel } from './logger.js';
import { Metrics } from './metrics.js';
import { type ServiceFactory, type ServiceHost, startServices } from './service-host.js';

export interface RunServiceOptions {
  /** Name of the service, as in logs and `--help`. */
  readonly name: string;
  /** Services of this process, in the order they start. */
  readonly services: (config: KumaConfig) => readonly ServiceFactory[];
  /** Arguments after the program name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const HELP = (name: string): string => `Usage: ${name} [options]

  -c, --config-file FILE   YAML configuration; KUMA_* variables win over it
      --log-level LEVEL    ${LOG_LEVELS.join(', ')} (default info)
      --print-config       print the effective configuration, secrets redacted, and exit
      --version            print the version and exit
  -h, --help               print this and exit
`;

/**
 * `main` of a service: arguments, configuration, start, and an orderly stop on SIGINT or SIGTERM.
 * Resolves when the process has stopped or has nothing to do; sets `process.exitCode`.
 */
export async function runService(options: RunServiceOptions): Promise<void> {
  try {
    const args = readArguments(options);
    if (args.help) return print(HELP(options.name));
    if (args.version) return print(`${PRODUCT}: ${BUILD_INFO.version}\n`);
    const { config, warnings } = loadConfig({ file: args.configFile, env: options.env });
    if (args.printConfig) return print(`${printConfig(config, 2)}\n`);
    const log = createLogger({ name: options.name, level: args.logLevel });
    for (const warning of warnings) log.warn({}, warning);
    await serve(options, { config, log });
  } catch (error) {
    process.stderr.write(`${options.name}: ${explain(error)}\n`);
    process.exitCode = 1;
  }
}

async function serve(options: RunServiceOptions, context: { config: KumaConfig; log: Logger }): Promise<void> {
  const { config, log } = context;
  const metrics = new Metrics(config.mode === 'global' ? 'Global' : config.multizone.zone.name);
  metrics.collectProcess();
  const health = new Health();
  const host = await startServices(options.services(config), { config, log, metrics, health });
  log.info({ mode: config.mode }, `${options.name} is up`);
  await stopOnSignal(host, log);
}

async function stopOnSignal(host: ServiceHost, log: Logger): Promise<void> {
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => resolve(name));
  });
  log.info({ signal }, 'stopping');
  await host.stop();
}

interface Arguments {
  readonly configFile: string | undefined;
  readonly logLevel: LogLevel;
  readonly printConfig: boolean;
  readonly version: boolean;
  readonly help: boolean;
}

function readArguments(options: RunServiceOptions): Arguments {
  const { values } = parseArgs({
    args: [...options.argv],
    options: {
      'config-file': { type: 'string', short: 'c' },
      'log-level': { type: 'string' },
      'print-config': { type: 'boolean' },
      version: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const logLevel = LOG_LEVELS.find((level) => level === (values['log-level'] ?? 'info'));
  if (!logLevel) throw new MeshError('bad_request', { public: `--log-level must be one of ${LOG_LEVELS.join(', ')}` });
  return {
    configFile: values['config-file'],
    logLevel,
    printConfig: values['print-config'] ?? false,
    version: values.version ?? false,
    help: values.help ?? false,
  };
}

function explain(error: unknown): string {
  if (!MeshError.is(error)) return messageOf(error);
  return error.hint ? `${error.public}\n  ${error.hint}` : error.public;
}

function print(text: string): void {
  process.stdout.write(text);
}
