import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@mesh/core';
import { startTwoZones, type TwoZones } from '@mesh/lab-kit';
import { Command } from 'commander';
import { Narrator } from './narrator.js';
import { prove } from './proof.js';
import { summary } from './summary.js';

interface LabOptions {
  readonly once?: boolean;
  readonly keep?: boolean;
  readonly single?: boolean;
}

const options = new Command('npm run lab --')
  .description(
    'One global, two zones, one mesh, real Envoys on this machine: starts them, proves a cross-zone request, stays up until Ctrl-C.',
  )
  .option('--once', 'stop after the proof; exit code 0 when it held, 1 with the reason otherwise')
  .option('--single', 'one kuma-cp process per control plane instead of one per service')
  .option('--keep', 'keep logs and generated files')
  .parse()
  .opts<LabOptions>();

process.exitCode = await main(options);

async function main({ once = false, keep = false, single = false }: LabOptions): Promise<number> {
  const say = new Narrator((text) => process.stdout.write(text), process.stdout.isTTY === true);
  const envoyPath = process.env['ENVOY_PATH'];
  if (!envoyPath) {
    say.failure('ENVOY_PATH is not set; start the lab with npm run lab, which brings Envoy');
    return 1;
  }
  const workDir = mkdtempSync(join(tmpdir(), 'mesh-lab-'));
  // Postgres may run as another user, who must get through to its own directory.
  chmodSync(workDir, 0o711);
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort(new Error(`stopped by ${signal}`)));
  let lab: TwoZones | undefined;
  try {
    say.title('Starting the lab');
    lab = await startTwoZones({
      binDir: join(import.meta.dirname, '../../../bin'),
      workDir,
      envoyPath,
      addressBlock: 10,
      store: 'postgres',
      layout: single ? 'single' : 'services',
      onStep: say.step,
      signal: interrupt.signal,
      ports: [
        { api: 5681, kds: 5685 },
        { api: 15_681, dp: 15_678, dns: 15_653 },
        { api: 25_681, dp: 25_678, dns: 25_653 },
      ],
    });
    await prove(lab, say);
    say.line(`\n${summary(lab)}`);
    say.title(`The lab is up and proven after ${say.elapsed}${once ? '' : '; Ctrl-C ends it'}`);
    if (!once) await ended(lab, interrupt.signal);
    return 0;
  } catch (error) {
    say.failure(messageOf(error));
    if (!keep) say.detail('run again with --keep to look at the logs');
    return 1;
  } finally {
    await lab?.stop();
    if (keep) say.line(`Kept: ${workDir}`);
    else rmSync(workDir, { recursive: true, force: true });
  }
}

/** Resolves when the user has had enough; rejects when a process of the lab ends by itself. */
function ended(lab: TwoZones, interrupt: AbortSignal): Promise<void> {
  const crash = lab.deployment.group.signal;
  return new Promise((resolve, reject) => {
    const check = () => {
      if (interrupt.aborted) resolve();
      else if (crash.aborted) reject(crash.reason);
    };
    check();
    interrupt.addEventListener('abort', check, { once: true });
    crash.addEventListener('abort', check, { once: true });
  });
}
