import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Deployment, fuzzApi, openFiles, residentBytes, seedForFuzz } from '@mesh/lab-kit';

const ROUND_SECONDS = 300;
const MIB = 1024 * 1024;

export interface FuzzRunOptions {
  readonly binDir: string;
  /** The command `st` of Schemathesis. */
  readonly command: string;
  readonly requests: number;
  readonly onStep: (what: string) => () => void;
}

/** Asks one zone at random, round by round with other seeds, until there were enough requests or an answer was wrong. */
export async function fuzzUntil(options: FuzzRunOptions): Promise<{ ok: boolean; words: string }> {
  const workDir = mkdtempSync(join(tmpdir(), 'mesh-fuzz-'));
  chmodSync(workDir, 0o711);
  const deployment = new Deployment({ binDir: options.binDir, workDir, envoyPath: '' });
  try {
    const zone = await deployment.launchControlPlane({ name: 'zone-1', store: { type: 'memory' }, layout: 'single' });
    await deployment.waitForApi(zone);
    await seedForFuzz(zone.api);
    // One worker: in threads, CPython fails now and then to read its own sources ("AST constructor recursion depth").
    const pid = zone.processes[0]?.pid ?? 0;
    const filesBefore = openFiles(pid) ?? 0;
    let requests = 0;
    for (let seed = 1; requests < options.requests; seed++) {
      const done = options.onStep(`round ${seed}, ${requests} requests so far`);
      const { command } = options;
      const round = await fuzzApi({ command, api: zone.api, workDir, secondsMax: ROUND_SECONDS, examples: 100, workers: 1, seed });
      done();
      requests += round.requests;
      if (!round.ok || round.requests === 0) return { ok: false, words: round.output };
    }
    await deployment.until('connections closed', async () => (openFiles(pid) ?? 0) <= filesBefore);
    const memory = ((residentBytes(pid) ?? 0) / MIB).toFixed(0);
    return {
      ok: true,
      words: `${requests} requests, every answer as described; ${filesBefore} open files before and after, ${memory} MiB`,
    };
  } finally {
    await deployment.stop();
    rmSync(workDir, { recursive: true, force: true });
  }
}
