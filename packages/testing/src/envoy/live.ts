import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEnvoy, type ProxyResources, staticBootstrap } from './validate.js';

const START_TIMEOUT_MS = 20_000;
const POLL_MS = 20;

/** An Envoy that serves, and how to end it. */
export interface LiveEnvoy {
  stop(): Promise<void>;
}

/**
 * Starts Envoy with the resources as its whole configuration and waits until it serves. Secrets and
 * endpoints are taken from the resources instead of ADS.
 */
export async function startEnvoy(name: string, resources: ProxyResources): Promise<LiveEnvoy> {
  const dir = await mkdtemp(join(tmpdir(), 'mesh-envoy-'));
  const file = join(dir, 'bootstrap.json');
  const adminFile = join(dir, 'admin');
  await writeFile(file, JSON.stringify(localBootstrap(name, resources)));
  const args = [
    '--config-path',
    file,
    '--admin-address-path',
    adminFile,
    '--log-level',
    'error',
    '--concurrency',
    '1',
    '--disable-hot-restart',
  ];
  const child = spawn(findEnvoy(), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const stop = async (): Promise<void> => {
    await ended(child);
    await rm(dir, { recursive: true, force: true });
  };
  const ready = await until(
    () => isReady(adminFile),
    () => child.exitCode !== null,
  );
  if (ready) return { stop };
  await stop();
  throw new Error(`Envoy does not serve: ${output}`);
}

/** A port of the loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function localBootstrap(name: string, resources: ProxyResources): unknown {
  const { dynamicResources: _none, ...bootstrap } = staticBootstrap(name, resources);
  const admin = { address: { socketAddress: { address: '127.0.0.1', portValue: 0 } } };
  const assignments = new Map(
    (resources.ClusterLoadAssignment ?? []).map((found) => [(found as { clusterName?: string }).clusterName, found]),
  );
  return JSON.parse(JSON.stringify({ ...bootstrap, admin }), (key, value) => {
    if (key === 'sdsConfig') return undefined;
    if (!isEdsCluster(value)) return value;
    const { edsClusterConfig: _, ...cluster } = value;
    return { ...cluster, type: 'STATIC', loadAssignment: assignments.get(cluster.name) ?? { clusterName: cluster.name } };
  });
}

interface EdsCluster {
  readonly name: string;
  readonly type: 'EDS';
  readonly edsClusterConfig: unknown;
}

function isEdsCluster(value: unknown): value is EdsCluster {
  return typeof value === 'object' && value !== null && (value as { type?: string }).type === 'EDS';
}

async function isReady(adminFile: string): Promise<boolean> {
  try {
    const address = (await readFile(adminFile, 'utf8')).trim();
    return (await fetch(`http://${address}/ready`)).status === 200;
  } catch {
    return false;
  }
}

async function until(condition: () => Promise<boolean>, givenUp: () => boolean): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && !givenUp()) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
