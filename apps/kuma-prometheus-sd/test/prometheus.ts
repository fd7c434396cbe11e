import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@mesh/zone-kit';

const PROGRAM = process.env['PROMETHEUS_PATH'] || 'prometheus';

/** Version of the Prometheus of this machine; undefined where there is none. */
export function prometheusVersion(): string | undefined {
  const { status, stdout } = spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n')[0] : undefined;
}

/** A real Prometheus with a configuration of one scrape job. */
export class Prometheus {
  private output = '';
  private constructor(
    private readonly child: ChildProcess,
    private readonly directory: string,
    private readonly port: number,
  ) {
    child.stderr?.on('data', (chunk: Buffer) => {
      this.output += chunk.toString();
    });
  }

  /** @param discovery the lines that say where targets come from, as JSON (which YAML takes). */
  static async start(discovery: object): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), 'mesh-prometheus-'));
    const [port = 0] = await freePorts(1);
    const config = { global: { scrape_interval: '200ms', scrape_timeout: '200ms' }, scrape_configs: [{ job_name: 'mesh', ...discovery }] };
    const file = join(directory, 'prometheus.yml');
    writeFileSync(file, JSON.stringify(config));
    const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(directory, 'data')}`, `--web.listen-address=127.0.0.1:${port}`];
    return new Prometheus(spawn(PROGRAM, args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] }), directory, port);
  }

  /** What it said, where it has ended by itself. */
  get ending(): string | undefined {
    return this.child.exitCode === null ? undefined : this.output;
  }

  /** Instances it scrapes with success, with all their labels, in order of instance. */
  async up(): Promise<Record<string, string>[]> {
    const response = await fetch(`http://127.0.0.1:${this.port}/api/v1/query?query=up==1`);
    const { data } = (await response.json()) as { data: { result: { metric: Record<string, string> }[] } };
    return data.result.map(({ metric }) => metric).sort((a, b) => ((a['instance'] ?? '') < (b['instance'] ?? '') ? -1 : 1));
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      const gone = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGTERM');
      await gone;
    }
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
