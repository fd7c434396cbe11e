import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';

/** What a started service needs of its surroundings. */
export interface BootOptions {
  /** All listeners on free ports, files in a directory of its own. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the log goes. */
  readonly logOutputPath: string;
}

/** A service that runs in this process. */
export interface BootedService {
  readonly diagnosticsUrl: string;
  /** All lines it logged. */
  logLines(): Array<Record<string, unknown>>;
  /** Messages it logged as errors. */
  errors(): unknown[];
  /** Sends SIGTERM to the handlers of this process; returns the exit code. */
  stop(): Promise<number>;
}

const PORTS = [
  'API_SERVER_HTTP_PORT',
  'API_SERVER_HTTPS_PORT',
  'DIAGNOSTICS_SERVER_PORT',
  'DNS_SERVER_PORT',
  'DP_SERVER_PORT',
  'INGRESS_MANAGER_XDS_PORT',
  'INTERNAL_PORT',
  'MONITORING_ASSIGNMENT_SERVER_PORT',
  'MULTIZONE_GLOBAL_KDS_GRPC_PORT',
];

/**
 * Runs a service as its `main` does and waits until it is up; throws what the start threw.
 * @param start runs the service and resolves with its exit code once it was stopped.
 */
export async function bootService(start: (options: BootOptions) => Promise<number>): Promise<BootedService> {
  const directory = mkdtempSync(join(tmpdir(), 'mesh-boot-'));
  const logOutputPath = join(directory, 'service.log');
  const env = {
    HOME: directory,
    KUMA_DNS_SERVER_ADDRESS: '127.0.0.1',
    ...Object.fromEntries(PORTS.map((name) => [`KUMA_${name}`, '0'])),
  };
  const logLines = (): Array<Record<string, unknown>> => readLines(logOutputPath);
  const code = start({ env, logOutputPath });
  const port = await Promise.race([
    whenUp(logLines),
    code.then((value) => Promise.reject(new Error(`ended with ${value} while starting`))),
  ]);
  return {
    diagnosticsUrl: `http://127.0.0.1:${port}`,
    logLines,
    errors: () => logLines().flatMap(({ level, msg }) => (level === 'error' ? [msg] : [])),
    stop: async () => {
      process.emit('SIGTERM', 'SIGTERM');
      const value = await code;
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
      return value;
    },
  };
}

function whenUp(logLines: () => Array<Record<string, unknown>>): Promise<number> {
  return vi.waitFor(
    () => {
      const line = logLines().find(
        ({ msg, diagnosticsPort }) => typeof msg === 'string' && msg.endsWith(' is up') && diagnosticsPort !== undefined,
      );
      if (!line) throw new Error('not up yet');
      return line.diagnosticsPort as number;
    },
    { timeout: 60_000, interval: 20 },
  );
}

function readLines(path: string): Array<Record<string, unknown>> {
  try {
    const lines = readFileSync(path, 'utf8').split('\n');
    return lines.slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
