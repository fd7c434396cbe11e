import { BUILD_INFO, MeshError, PRODUCT } from '@mesh/core';
import { Command } from 'commander';
import { type Flags, readConfig } from './config.js';
import { createDpLogger, isLogLevel, type LogLevel } from './log.js';
import { ProxyRun } from './run.js';
import { type WaitOptions, waitUntilReady } from './wait.js';

/** The command tree; `run` resolves with the exit code. */
export function buildProgram(env: Readonly<Record<string, string | undefined>>): { run(argv: readonly string[]): Promise<number> } {
  let exitCode = 0;
  const program = new Command('kuma-dp')
    .description('Starts an Envoy data plane proxy next to a service and keeps it configured by the control plane.')
    .option('--log-level <level>', 'log level: off|error|warn|info|debug', 'info')
    .showHelpAfterError('(kuma-dp --help shows what there is)');
  const run = program
    .command('run')
    .description('Fetch the bootstrap from the control plane, start Envoy and watch it until told to stop.');
  addRunFlags(run).action(async (flags: Flags) => {
    exitCode = await runProxy(flags, { env, level: logLevel({ ...program.opts(), ...flags }) });
  });
  program
    .command('wait')
    .description('Wait until the proxy is ready.')
    .option('--url <url>', 'readiness endpoint on this machine', 'http://localhost:9901/ready')
    .option('--unix-socket <path>', 'ask through a Unix socket')
    .option('--check-frequency <duration>', 'time between two attempts', '1s')
    .option('--timeout <duration>', 'give up after', '180s')
    .option('--request-timeout <duration>', 'time for one attempt', '500ms')
    .action((options: WaitOptions) => waitUntilReady(options));
  program
    .command('version')
    .description('Print the version.')
    .option('-a, --detailed', 'print build details too')
    .action((options: { detailed?: boolean }) => printVersion(options.detailed ?? false));
  return {
    run: async (argv) => {
      await program.parseAsync([...argv]);
      return exitCode;
    },
  };
}

function addRunFlags(command: Command): Command {
  return command
    .option('--name <name>', 'name of the Dataplane (not needed with a definition)')
    .option('--mesh <mesh>', 'mesh the Dataplane belongs to')
    .option('--proxy-type <type>', 'dataplane|ingress|egress (default: dataplane)')
    .option('--cp-address <url>', 'data plane server of the control plane (default: https://localhost:5678)')
    .option('--ca-cert-file <path>', "PEM of the CA that signed the control plane's certificate")
    .option('--skip-verify', "do not verify the control plane's certificate")
    .option('--dataplane-token <token>', 'token of this proxy')
    .option('--dataplane-token-file <path>', 'file with the token of this proxy')
    .option('--dataplane <yaml>', 'definition of the Dataplane, ZoneIngress or ZoneEgress')
    .option('-d, --dataplane-file <path>', 'file with the definition; - is standard input')
    .option('-v, --dataplane-var <key=value...>', 'values for {{ key }} in the definition')
    .option('--binary-path <path>', 'Envoy binary (default: envoy)')
    .option('--work-dir <path>', 'directory for sockets and generated files (default: a temporary one)')
    .option('--config-dir <path>', 'deprecated: use --work-dir')
    .option('--concurrency <threads>', 'Envoy worker threads (default: what Envoy chooses)')
    .option('--drain-time <duration>', 'time for open connections to end when stopping (default: 30s)')
    .option('--envoy-log-level <level>', 'log level of Envoy (default: info)')
    .option('--envoy-component-log-level <levels>', 'log levels of Envoy components, e.g. upstream:debug')
    .option('--bind-outbounds', 'bind a listener for every virtual IP of the mesh')
    .option('--admin-port <port>', 'port of the Envoy admin API (default: what the definition says)')
    .option('--metrics-cert-path <path>', 'certificate for the metrics endpoint')
    .option('--metrics-key-path <path>', 'key for the metrics endpoint')
    .option('--dns-envoy-port <port>', "port of Envoy's DNS filter (default: 15054)")
    .option('--log-level <level>', 'log level: off|error|warn|info|debug');
}

function logLevel(options: { logLevel?: unknown }): LogLevel {
  const text = String(options.logLevel ?? 'info');
  if (isLogLevel(text)) return text;
  throw new MeshError('invalid', {
    violations: [{ field: '--log-level', message: `"${text}" is not one of off, error, warn, info, debug` }],
  });
}

async function runProxy(
  flags: Flags,
  { env, level }: { env: Readonly<Record<string, string | undefined>>; level: LogLevel },
): Promise<number> {
  const config = readConfig(flags, env);
  const run = new ProxyRun({ config, log: createDpLogger(level), pathVariable: env['PATH'] ?? '' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => run.stop(signal));
  process.on('SIGUSR2', () => void run.drainListeners());
  return run.run();
}

function printVersion(detailed: boolean): void {
  const lines = detailed
    ? [
        `Product:       ${PRODUCT}`,
        `Version:       ${BUILD_INFO.version}`,
        `Git Tag:       ${BUILD_INFO.gitTag}`,
        `Git Commit:    ${BUILD_INFO.gitCommit}`,
        `Build Date:    ${BUILD_INFO.buildDate}`,
      ]
    : [`${PRODUCT}: ${BUILD_INFO.version}`];
  process.stdout.write(`${lines.join('\n')}\n`);
}
