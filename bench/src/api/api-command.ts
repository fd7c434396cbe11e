import { join } from 'node:path';
import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { describeMachine } from '../machine.js';
import type { Figures } from '../statistics.js';
import { API_PARTS, type ApiFigures, type ApiPart, benchApi } from './api-bench.js';
import type { EventLoopDelay } from './event-loop.js';
import { fuzzUntil } from './fuzz.js';
import type { WriteFigures } from './write-load.js';

const binDir = join(import.meta.dirname, '../../../bin');

type OnStep = (what: string) => () => void;

interface ApiCommandOptions {
  readonly seconds: string;
  readonly dataplanes: string;
  readonly rate: string;
  readonly only: readonly ApiPart[];
  readonly json?: boolean;
  readonly cpuProf?: string;
}

/** `bench api`: the API gateway of a global under wrk. */
export function apiCommand(onStep: OnStep): Command {
  return new Command('api')
    .description('requests per second of the API, pages of a big list, writes on Postgres (needs wrk)')
    .option('--seconds <n>', 'length of each run', '10')
    .option('--dataplanes <n>', 'dataplanes of the big list', '10000')
    .option('--rate <n>', 'writes per second', '200')
    .addOption(new Option('--only <part...>', 'only these parts').choices([...API_PARTS]).default([]))
    .option('--json', 'print the figures as JSON')
    .option('--cpu-prof <dir>', 'write CPU profiles of the global there; they cost a little themselves')
    .action(async ({ seconds, dataplanes, rate, only, json, cpuProf }: ApiCommandOptions) => {
      const figures = await benchApi({
        binDir,
        seconds: Number(seconds),
        dataplanes: Number(dataplanes),
        writesPerSecond: Number(rate),
        only,
        onStep,
        profileDir: cpuProf,
      });
      const machine = describeMachine();
      process.stdout.write(json ? `${JSON.stringify({ machine, ...figures }, null, 1)}\n` : report(machine, figures));
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

function report(machine: string, figures: ApiFigures): string {
  const { reads, writes, writesWithZones, lists } = figures;
  const rates = new Table({ head: ['GET', 'requests/s', 'CPU us/request', 'p99 ms', 'refused'], style: { head: [], border: [] } });
  for (const [name, { requestsPerSecond, cpuMicroseconds, p99Ms, refused }] of Object.entries(reads ?? {})) {
    rates.push([name, requestsPerSecond.toFixed(0), cpuMicroseconds.toFixed(0), p99Ms.toFixed(1), refused]);
  }
  const times = new Table({ head: ['milliseconds', 'runs', 'p50', 'p90', 'p99', 'max'], style: { head: [], border: [] } });
  const row = (name: string, { runs, ...of }: Figures) => [name, runs, ...[of.p50, of.p90, of.p99, of.max].map((ms) => ms.toFixed(1))];
  const delay = (name: string, { p99Ms, maxMs }: EventLoopDelay) => [name, '', '', '', p99Ms.toFixed(1), maxMs.toFixed(1)];
  if (writes) times.push(row(`PUT of a policy, Postgres (${writes.failed} not taken)`, writes.putMs));
  if (writesWithZones) times.push(row(`the same, two zones here take it (${writesWithZones.failed} not taken)`, writesWithZones.putMs));
  if (lists) {
    times.push(
      row('page of the big list', lists.pageMs),
      row('GET /who-am-i beside the pages', lists.besidePagesMs),
      delay('event loop of api-gateway beside the pages', lists.gateway),
      delay('event loop of global-cp beside the pages', lists.globalCp),
    );
  }
  const cpu = [writes, writesWithZones].flatMap((each) => (each ? [`CPU per write: ${cpuWords(each)}`] : []));
  return [`Machine: ${machine}`, ...(reads ? [rates.toString()] : []), times.toString(), ...cpu, ''].join('\n');
}

function cpuWords({ cpuMs }: WriteFigures): string {
  return Object.entries(cpuMs)
    .map(([name, ms]) => `${name} ${ms.toFixed(2)} ms`)
    .join(', ');
}
