import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choosePort, residentBytes, startTwoZones, type TwoZones } from '@mesh/lab-kit';
import { ByteCounter } from './byte-counter.js';
import { type IdleFigures, measureIdle } from './idle.js';
import { measureDataplane, measurePolicy } from './propagation.js';
import { type Figures, figuresOf } from './statistics.js';

export interface LabBenchOptions {
  readonly binDir: string;
  readonly appBinDir: string;
  readonly envoyPath: string;
  readonly runs: number;
  readonly idleSeconds: number;
  /** Another control plane: its `kuma-cp` with a memory store, one process each. */
  readonly foreign: boolean;
  readonly onStep: (what: string) => () => void;
}

export interface LabFigures {
  readonly policyMs: Figures;
  readonly dataplaneMs: Figures;
  readonly idle: IdleFigures | undefined;
  /** Bytes by process of the control planes. */
  readonly residentBytes: Readonly<Record<string, number>>;
}

/** Brings the lab up, measures, takes it down. */
export async function benchLab(options: LabBenchOptions): Promise<LabFigures> {
  const workDir = mkdtempSync(join(tmpdir(), 'mesh-bench-'));
  chmodSync(workDir, 0o711);
  const block = 20 + (process.pid % 200);
  const latePort = await choosePort(20_002, `127.${block}.1.1`);
  let lab: TwoZones | undefined;
  const counters: ByteCounter[] = [];
  try {
    lab = await startTwoZones({
      binDir: options.binDir,
      appBinDir: options.appBinDir,
      workDir,
      envoyPath: options.envoyPath,
      addressBlock: block,
      // Kuma's kuma-dp wants a CoreDNS beside it unless told otherwise; no figure needs DNS.
      ...(options.foreign ? { env: { KUMA_DNS_ENABLED: 'false' }, bindVips: false } : {}),
      store: options.foreign ? 'memory' : 'postgres',
      layout: options.foreign ? 'single' : 'services',
      onStep: options.onStep,
      webOutbounds: [{ service: 'late', port: latePort }],
      relayKds: async (port) => {
        const counter = await ByteCounter.start(() => port);
        counters.push(counter);
        return `127.0.0.1:${counter.port}`;
      },
    });
    return await measure(lab, { ...options, latePort, counters });
  } finally {
    await lab?.stop();
    for (const counter of counters) counter.stop();
    rmSync(workDir, { recursive: true, force: true });
  }
}

async function measure(lab: TwoZones, options: LabBenchOptions & { latePort: number; counters: ByteCounter[] }): Promise<LabFigures> {
  const policyDone = options.onStep(`policy: ${options.runs} runs`);
  const policy = await measurePolicy(lab, options.runs);
  policyDone();
  const dataplaneDone = options.onStep(`dataplane: ${options.runs} runs`);
  const dataplane = await measureDataplane(lab, { runs: options.runs, latePort: options.latePort });
  dataplaneDone();
  const memory: Record<string, number> = {};
  for (const { spec, pid } of lab.deployment.group.processes)
    if (spec.role === 'control-plane') memory[spec.name] = residentBytes(pid) ?? 0;
  let idle: IdleFigures | undefined;
  if (!options.foreign && options.idleSeconds > 0) {
    const idleDone = options.onStep(`idle: ${options.idleSeconds} s`);
    idle = await measureIdle(lab, { seconds: options.idleSeconds, counters: options.counters });
    idleDone();
  }
  return { policyMs: figuresOf(policy), dataplaneMs: figuresOf(dataplane), idle, residentBytes: memory };
}
