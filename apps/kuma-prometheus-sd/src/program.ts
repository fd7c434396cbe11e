import { readFileSync } from 'node:fs';
import { BUILD_INFO, MeshError, messageOf, PRODUCT } from '@mesh/core';
import { Command } from 'commander';
import { AssignmentClient, parseAddress } from './client.js';
import { follow } from './follow.js';
import { eventLog, isLogLevel } from './log.js';

interface RunFlags {
  readonly cpAddress: string;
  readonly apiVersion: string;
  readonly outputFile: string;
  readonly name: string;
  readonly caCertFile?: string;
}

/** The command tree, with the flags of Kuma's program of this name. */
export function buildProgram(): Command {
  const program = new Command('kuma-prometheus-sd')
    .description('Asks a zone control plane which proxies publish metrics, and writes them to a file for Prometheus (file_sd_configs).')
    .option('--log-level <level>', 'log level: off|info|debug', 'info')
    .showHelpAfterError('(kuma-prometheus-sd --help shows what there is)');
  program
    .command('run')
    .description('Keep the file up to date until told to stop.')
    .option('--cp-address <url>', 'monitoring assignments of the control plane (http, https; grpc means http)', 'http://localhost:5676')
    .option('--api-version <version>', 'version of monitoring assignments', 'v1')
    .option('--output-file <path>', 'file Prometheus reads', 'kuma.file_sd.json')
    .option('--name <name>', 'name of this client: MeshMetrics with that clientId are for it', 'kuma-prometheus-sd')
    .option('--ca-cert-file <path>', 'CA of the certificate of the control plane, for https')
    .action((flags: RunFlags) => run(flags, program.opts<{ logLevel: string }>().logLevel));
  program
    .command('version')
    .description('Print the version.')
    .action(() => void process.stdout.write(`${PRODUCT}: ${BUILD_INFO.version}\n`));
  return program;
}

async function run(flags: RunFlags, logLevel: string): Promise<void> {
  if (!isLogLevel(logLevel)) throw invalid(`--log-level: "${logLevel}" is not one of off, info, debug`);
  if (flags.apiVersion !== 'v1') throw invalid(`--api-version: "${flags.apiVersion}" is not served`, 'leave it out, or say v1');
  const client = new AssignmentClient({
    address: parseAddress(flags.cpAddress),
    name: flags.name,
    ca: flags.caCertFile === undefined ? undefined : readCa(flags.caCertFile),
  });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  await follow({ client, file: flags.outputFile, log: eventLog(logLevel), signal: stop.signal });
}

function readCa(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw invalid(`--ca-cert-file: ${messageOf(cause)}`);
  }
}

function invalid(message: string, hint?: string): MeshError {
  return new MeshError('invalid', { public: message, ...(hint ? { hint } : {}) });
}
