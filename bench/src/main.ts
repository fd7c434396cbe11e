import { join } from 'node:path';
import { messageOf } from '@mesh/core';
import { Command } from 'commander';
import { apiCommand, fuzzCommand } from './api/api-command.js';
import { dnsCommand } from './dns-command.js';
import { fleetCommand } from './fleet/command.js';
import { kdsCommand } from './kds/command.js';
import { benchLab } from './lab-bench.js';
import { describeMachine } from './machine.js';
import { report } from './report.js';

const onStep = (what: string) => {
  const from = Date.now();
  return () => void process.stderr.write(`  ${what} (${((Date.now() - from) / 1000).toFixed(1)} s)\n`);
};

const program = new Command('pnpm bench').description(
  'What the program costs, with the machine and the ratio to a baseline run beside it.',
);
program
  .command('lab', { isDefault: true })
  .description('propagation of policies and dataplanes through the two-zone lab, idle cost, memory')
  .option('--runs <n>', 'changes of each sort', '50')
  .option('--idle-seconds <n>', 'seconds of doing nothing', '20')
  .option('--compare <dir>', 'directory with kuma-cp and kuma-dp of another control plane, measured beside ours in the same run')
  .option('--json', 'print the figures as JSON')
  .action(async (options: { runs: string; idleSeconds: string; compare?: string; json?: boolean }) => {
    const envoyPath = process.env['ENVOY_PATH'];
    if (!envoyPath) throw new Error('ENVOY_PATH is not set; run npm run bench, which brings Envoy');
    const binDir = join(import.meta.dirname, '../../bin');
    const shared = { appBinDir: binDir, envoyPath, runs: Number(options.runs), idleSeconds: Number(options.idleSeconds), onStep };
    const ours = await benchLab({ ...shared, binDir, foreign: false });
    const baseline = options.compare ? await benchLab({ ...shared, binDir: options.compare, foreign: true }) : undefined;
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ machine: describeMachine(), ours, baseline }, null, 1)}\n`
        : report({ machine: describeMachine(), ours, baseline }),
    );
  });

program.addCommand(dnsCommand());

program.addCommand(fleetCommand(onStep));

program.addCommand(kdsCommand(onStep));

program.addCommand(apiCommand(onStep));
program.addCommand(fuzzCommand(onStep));

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`Error: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
