import { join } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { describeMachine } from '../machine.js';
import type { Figures } from '../statistics.js';
import { type ApiFigures, benchApi } from './api-bench.js';
import { fuzzUntil } from './fuzz.js';

const binDir = join(import.meta.dirname, '../../../bin');

type OnStep = (what: string) => () => void;

/** `bench api`: the API gateway of a global under wrk. */
export function apiCommand(onStep: OnStep): Command {
  return new Command('api')
    .description('requests per second of the API, pages of a big list, writes on Postgres (needs wrk)')
    .option('--seconds <n>', 'length of each run', '10')
    .option('--dataplanes <n>', 'dataplanes of the big list', '10000')
    .option('--rate <n>', 'writes per second', '200')
    .option('--json', 'print the figures as JSON')
    .action(async (options: { seconds: string; dataplanes: string; rate: string; json?: boolean }) => {
      const figures = await benchApi({
        binDir,
        seconds: Number(options.seconds),
        dataplanes: Number(options.dataplanes),
        writesPerSecond: Number(options.rate),
        onStep,
      });
      const machine = describeMachine();
      process.stdout.write(options.json ? `${JSON.stringify({ machine, ...figures }, null, 1)}\n` : report(machine, figures));
    });
}

/** `bench fuzz`: the API under random requests made from its OpenAPI document. */
export function fuzzCommand(onStep: OnStep): Command {
  return new Command('fuzz')
    .description('random requests to a zone, every answer held against the OpenAPI document')
    .option('--requests <n>', 'how many at least', '100000')
    .action(async (options: { requests: string }) => {
      const command = process.env['MESH_SCHEMATHESIS'];
      if (!command) throw new Error('MESH_SCHEMATHESIS is not set; run npm run bench, which brings Schemathesis');
      const result = await fuzzUntil({ binDir, command, requests: Number(options.requests), onStep });
      process.stdout.write(`${result.words}\n`);
      if (!result.ok) process.exitCode = 1;
    });
}

function report(machine: string, { reads, pageMs, besidePagesMs, putMs, putsFailed }: ApiFigures): string {
  const rates = new Table({ head: ['GET', 'requests/s', 'CPU us/request', 'p99 ms', 'refused'], style: { head: [], border: [] } });
  for (const [name, { requestsPerSecond, cpuMicroseconds, p99Ms, refused }] of Object.entries(reads)) {
    rates.push([name, requestsPerSecond.toFixed(0), cpuMicroseconds.toFixed(0), p99Ms.toFixed(1), refused]);
  }
  const times = new Table({ head: ['milliseconds', 'runs', 'p50', 'p90', 'p99', 'max'], style: { head: [], border: [] } });
  const row = (name: string, { runs, ...of }: Figures) => [name, runs, ...[of.p50, of.p90, of.p99, of.max].map((ms) => ms.toFixed(1))];
  times.push(
    row(`PUT of a policy, Postgres (${putsFailed} not taken)`, putMs),
    row('page of the big list', pageMs),
    row('GET /who-am-i beside the pages', besidePagesMs),
  );
  return `Machine: ${machine}\n${rates.toString()}\n${times.toString()}\n`;
}
