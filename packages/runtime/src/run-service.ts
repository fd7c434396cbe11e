import { parseArgs } from 'node:util';
import { BUILD_INFO, type Logger, MeshError, messageOf, PRODUCT } from '@mesh/core';
import { ensureCertificates } from './certificates/index.js';
import { type KumaConfig, loadConfig, printConfig } from './config/index.js';
import { type DiagnosticsServer, startDiagnostics } from './diagnostics.js';
import { guardProcess, StoppedWhileStarting } from './guard-process.js';
import { Health } from './health.js';
import { createLogger, LOG_LEVELS, type LogLevel } from './logger.js';
import { Metrics } from './metrics.js';
import { type ServiceFactory, type ServiceHost, startServices } from './service-host.js';
import { startTracing } from './tracing/start-tracing.js';

/** What a process runs. */
export interface RunOptions {
  /** Name of the process, as in logs and messages. */
  readonly name: string;
  /** Services of this process, in the order they start; a control plane comes before those that use it. */
  readonly services: (config: KumaConfig) => readonly ServiceFactory[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For programs that can only be one of the two. */
  readonly mode?: 'global' | 'zone';
}

export interface RunServiceOptions extends RunOptions {
  /** Arguments after the program name. */
  readonly argv: readonly string[];
}

/** What the command line said. */
export interface RunArguments {
  readonly configFile?: string | undefined;
  readonly logLevel?: string | undefined;
  /** File the log goes to instead of stdout. */
  readonly logOutputPath?: string | undefined;
  readonly printConfig?: boolean | undefined;
}

const STOP_DEADLINE_MS = 10_000;

const HELP = (name: string): string => `Usage: ${name} [options]

  -c, --config-file FILE   YAML configuration; KUMA_* variables win over it
      --log-level LEVEL    ${LOG_LEVELS.join(', ')} (default info)
      --print-config       print the effective configuration, secrets redacted, and exit
      --version            print the version and exit
  -h, --help               print this and exit
`;

/**
 * `main` of a service app: reads arguments and runs until SIGINT or SIGTERM.
 * @returns the exit code of the process.
 */
export async function runService(options: RunServiceOptions): Promise<number> {
  return reportErrors(options.name, async () => {
    const { values } = parseArguments(options.argv);
    if (values.help) return print(HELP(options.name));
    if (values.version) return print(`${PRODUCT}: ${BUILD_INFO.version}\n`);
    return run(options, { configFile: values['config-file'], logLevel: values['log-level'], printConfig: values['print-config'] });
  });
}

/**
 * Loads the configuration, starts the services and waits for SIGINT or SIGTERM, then stops them
 * in reverse within ten seconds; a signal during the start does the same. Throws where the start fails.
 * @returns the exit code of the process.
 */
export async function run(options: RunOptions, args: RunArguments): Promise<number> {
  const level = parseLevel(args.logLevel ?? 'info');
  const { config, warnings } = loadConfig({ file: args.configFile, env: options.env, mode: options.mode });
  if (args.printConfig) return print(`${printConfig(config, 2)}\n`);
  const log = createLogger({ name: options.name, level, path: args.logOutputPath });
  for (const warning of warnings) log.warn({}, warning);
  return serve(options, { config, log });
}

/** Runs work; what it throws goes to stderr in words, and the code is 1. */
export async function reportErrors(name: string, work: () => Promise<number> | number): Promise<number> {
  try {
    return await work();
  } catch (error) {
    process.stderr.write(`${name}: ${explain(error)}\n`);
    return 1;
  }
}

async function serve(options: RunOptions, context: { config: KumaConfig; log: Logger }): Promise<number> {
  const { config, log } = context;
  const zone = config.mode === 'global' ? 'Global' : config.multizone.zone.name;
  const metrics = new Metrics(zone);
  metrics.collectProcess();
  const health = new Health();
  let phase = 'starting';
  health.register('started', () => (phase === 'up' ? undefined : phase));
  const guard = guardProcess({ log, metrics });
  let diagnostics: DiagnosticsServer | undefined;
  const traces = await startTracing({ env: options.env, serviceName: options.name, zone, log });
  try {
    await ensureCertificates(config);
    diagnostics = await startDiagnostics({ config: config.diagnostics, metrics, health, log });
    const host = await startServices(options.services(config), { config, log, metrics, health }, guard.startAborted);
    guard.started();
    phase = 'up';
    log.info({ mode: config.mode, diagnosticsPort: diagnostics.port }, `${options.name} is up`);
    const signal = await guard.stopRequested;
    phase = 'stopping';
    log.info({ signal }, 'stopping');
    return await stop(host, log);
  } catch (error) {
    if (!(error instanceof StoppedWhileStarting)) throw error;
    log.info({ signal: error.signal }, 'stopped before it was up');
    return 0;
  } finally {
    await diagnostics?.close();
    await traces.stop();
    guard.release();
  }
}

async function stop(host: ServiceHost, log: Logger): Promise<number> {
  try {
    await host.stop(STOP_DEADLINE_MS);
    log.info({}, 'stopped');
    return 0;
  } catch (err) {
    log.error({ err }, 'did not stop in order');
    return 1;
  }
}

function parseArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        'config-file': { type: 'string', short: 'c' },
        'log-level': { type: 'string' },
        'print-config': { type: 'boolean' },
        version: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw new MeshError('bad_request', { public: messageOf(cause), hint: '--help says what can be given', cause });
  }
}

function parseLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (!level) throw new MeshError('bad_request', { public: `--log-level must be one of ${LOG_LEVELS.join(', ')}` });
  return level;
}

function explain(error: unknown): string {
  if (!MeshError.is(error)) return messageOf(error);
  const text = error.code === 'internal' ? error.message : error.public;
  return error.hint ? `${text}\n  ${error.hint}` : text;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
