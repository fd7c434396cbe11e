import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choosePort, cpuSeconds, ProcessGroup, type ProcessSpec, residentBytes } from '@mesh/lab-kit';
import { runDnsperf, untilAnswered } from './dnsperf.js';
import { type Figures, figuresOf } from './statistics.js';

export interface DnsBenchOptions {
  readonly binDir: string;
  /** A `coredns` to measure beside ours. */
  readonly corednsPath: string | undefined;
  readonly names: number;
  readonly seconds: number;
  /** Queries per second of the run that measures latency. */
  readonly steadyRate: number;
  readonly onStep: (what: string) => () => void;
}

/** Figures of one server of names. */
export interface DnsFigures {
  /** Answered per second when asked as fast as it answers. */
  readonly queriesPerSecond: number;
  /** CPU of the server per query of that run; less dependent on what else the machine does. */
  readonly cpuMicrosecondsPerQuery: number;
  /** At `steadyRate`, in milliseconds. */
  readonly steadyMs: Figures;
  readonly steadyRate: number;
  readonly lost: number;
  readonly residentBytes: number;
}

interface NameServer {
  readonly spec: Omit<ProcessSpec, 'role'>;
  readonly port: number;
}

const DOMAIN = 'mesh';

/** Serves the same names with ours and, if given, CoreDNS, one after the other; asks with dnsperf. */
export async function benchDns(options: DnsBenchOptions): Promise<{ ours: DnsFigures; baseline: DnsFigures | undefined }> {
  const workDir = mkdtempSync(join(tmpdir(), 'mesh-bench-dns-'));
  try {
    const names = Array.from({ length: options.names }, (_, i) => ({
      hostname: `service-${i}.${DOMAIN}`,
      addresses: [`240.0.${i >> 8}.${i & 255}`],
    }));
    const questions = join(workDir, 'questions');
    writeFileSync(questions, names.map(({ hostname }) => `${hostname} A\n`).join(''));
    const ours = await measure(await ownServer(workDir, { names, binDir: options.binDir }), { ...options, workDir, questions });
    const { corednsPath } = options;
    const baseline = corednsPath
      ? await measure(await coredns(workDir, { names, corednsPath }), { ...options, workDir, questions })
      : undefined;
    return { ours, baseline };
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

interface Names {
  readonly names: readonly { readonly hostname: string; readonly addresses: readonly string[] }[];
}

/** The shipped command, with the names an earlier run saved; its control plane is away. */
async function ownServer(workDir: string, { names, binDir }: Names & { binDir: string }): Promise<NameServer> {
  const [port, nobody] = [await choosePort(0), await choosePort(0)];
  const home = join(workDir, 'resolver');
  mkdirSync(home);
  writeFileSync(join(home, 'dns-resolver-names.json'), JSON.stringify({ serial: 1, entries: names }));
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    KUMA_GENERAL_WORK_DIR: home,
    KUMA_DNS_SERVER_ADDRESS: '127.0.0.1',
    KUMA_DNS_SERVER_PORT: String(port),
    KUMA_DIAGNOSTICS_SERVER_PORT: '0',
    KUMA_INTERNAL_CONTROL_PLANE_ADDRESS: `127.0.0.1:${nobody}`,
  };
  return { port, spec: { name: 'dns-resolver', command: join(binDir, 'dns-resolver'), args: [], env } };
}

async function coredns(workDir: string, { names, corednsPath }: Names & { corednsPath: string }): Promise<NameServer> {
  const port = await choosePort(0);
  const zone = join(workDir, 'zone');
  const records = names.map(({ hostname, addresses }) => `${hostname}. 30 IN A ${addresses[0]}\n`).join('');
  writeFileSync(zone, `${DOMAIN}. 30 IN SOA ns.dns.${DOMAIN}. hostmaster.${DOMAIN}. 1 7200 1800 86400 30\n${records}`);
  const corefile = join(workDir, 'Corefile');
  writeFileSync(corefile, `${DOMAIN}:${port} {\n  bind 127.0.0.1\n  file ${zone}\n}\n`);
  return { port, spec: { name: 'coredns', command: corednsPath, args: ['-conf', corefile], env: { PATH: process.env['PATH'] ?? '' } } };
}

async function measure(server: NameServer, options: DnsBenchOptions & { workDir: string; questions: string }): Promise<DnsFigures> {
  const { port, spec } = server;
  const group = new ProcessGroup(options.workDir);
  const running = group.start({ ...spec, role: 'control-plane' });
  const load = { port, questions: options.questions };
  const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const done = options.onStep(`${spec.name}: ${what}`);
    const result = await work();
    group.signal.throwIfAborted();
    done();
    return result;
  };
  try {
    await step('first answers', () => untilAnswered(load, group.signal));
    const before = cpuSeconds(running.pid);
    const max = await step('as fast as it answers', () => runDnsperf({ ...load, seconds: options.seconds }));
    const cpu = cpuSeconds(running.pid) - before;
    const steady = await step(`${options.steadyRate} queries/s`, () =>
      runDnsperf({ ...load, seconds: options.seconds, rate: options.steadyRate, latencies: true }),
    );
    return {
      queriesPerSecond: max.completed / max.seconds,
      cpuMicrosecondsPerQuery: (cpu / max.completed) * 1e6,
      steadyMs: figuresOf(steady.latenciesMs),
      steadyRate: steady.completed / steady.seconds,
      lost: max.lost + steady.lost,
      residentBytes: residentBytes(running.pid) ?? 0,
    };
  } finally {
    await running.stop();
  }
}
