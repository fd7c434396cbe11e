import { execFile, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type ControlPlaneHandle, choosePort, Deployment, until } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath, userEnv } from './config.js';
import { makeWorkDir } from './work-dir.js';

/**
 * The commands of the Kuma 0.2 documentation, as printed there but for host names and ports, which
 * are replaced by free ones of this machine.
 */
const workDir = makeWorkDir('standalone');
const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
let cp: ControlPlaneHandle;
const ports: Record<string, number> = {};
const children: ReturnType<typeof spawn>[] = [];

beforeAll(async () => {
  for (const port of ['5682', '9000', '6379', '8000', '80', '10000']) ports[port] = await choosePort(0);
  cp = await deployment.launchControlPlane({
    name: 'standalone',
    store: { type: 'memory' },
    layout: 'single',
    env: {
      KUMA_MODE: 'standalone',
      KUMA_MULTIZONE_ZONE_NAME: 'default',
      KUMA_BOOTSTRAP_SERVER_PORT: String(ports['5682']),
      KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE: 'none',
    },
  });
  await deployment.waitForApi(cp);
  mkdirSync(join(workDir, 'home'), { recursive: true });
  await shell(`kumactl config control-planes add --name local2 --address ${cp.api.url}`);
});

afterAll(async () => {
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(
    children.map(
      (child) =>
        new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(undefined))),
    ),
  );
  await deployment.stop();
  rmSync(workDir, { recursive: true, force: true });
});

/** Ports of the documentation become ports of this run. */
function here(command: string): string {
  return command
    .replaceAll('http://control-plane:5682', `http://127.0.0.1:${ports['5682']}`)
    .replaceAll('127.0.0.1:9000:6379', `127.0.0.1:${ports['9000']}:${ports['6379']}`)
    .replaceAll('127.0.0.1:8000:80', `127.0.0.1:${ports['8000']}:${ports['80']}`)
    .replaceAll(':10000', `:${ports['10000']}`);
}

function env(): Record<string, string> {
  return userEnv({ HOME: join(workDir, 'home'), KUMA_DATAPLANE_RUNTIME_BINARY_PATH: envoyPath(), KUMA_DATAPLANE_DRAIN_TIME: '1s' });
}

function shell(command: string): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', here(command)], { env: env(), timeout: 60_000 }, (error, stdout, stderr) =>
      error ? reject(new Error(`${command}\n${stdout}${stderr}`)) : resolve({ stdout, stderr }),
    );
  });
}

function background(command: string): void {
  children.push(spawn('sh', ['-c', `exec env ${here(command)}`], { env: env(), stdio: 'ignore' }));
}

function echoThrough(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.once('data', (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
    socket.setTimeout(2000, () => socket.destroy(new Error('silent')));
  });
}

describe('the commands of Kuma 0.2', () => {
  it('register dataplanes in their old form, with a warning that names the new one', async () => {
    const redis = await shell(`echo "type: Dataplane
mesh: default
name: redis-1
networking:
  inbound:
  - interface: 127.0.0.1:9000:6379
    tags:
      service: redis" | kumactl apply -f -`);
    expect(redis.stderr).toContain('interface');
    await shell(`echo "type: Dataplane
mesh: default
name: backend-1
networking:
  inbound:
  - interface: 127.0.0.1:8000:80
    tags:
      service: backend
  outbound:
  - interface: :10000
    service: redis" | kumactl apply -f -`);
    const stored = await cp.api.get('/meshes/default/dataplanes/redis-1');
    expect(stored).toMatchObject({
      networking: {
        address: '127.0.0.1',
        inbound: [{ port: ports['9000'], servicePort: ports['6379'], tags: { 'kuma.io/service': 'redis' } }],
      },
    });
  });

  it('start proxies through the bootstrap port of that time, and backend reaches redis on port 10000', async () => {
    deployment.launchEcho({ name: 'redis', zone: 'default', address: '127.0.0.1', port: ports['6379']! });
    background(`KUMA_CONTROL_PLANE_BOOTSTRAP_SERVER_URL=http://control-plane:5682 \\
KUMA_DATAPLANE_MESH=default \\
KUMA_DATAPLANE_NAME=redis-1 \\
kuma-dp run`);
    background(`KUMA_CONTROL_PLANE_BOOTSTRAP_SERVER_URL=http://control-plane:5682 \\
KUMA_DATAPLANE_MESH=default \\
KUMA_DATAPLANE_NAME=backend-1 \\
kuma-dp run`);
    const answer = await until({ what: 'redis through backend', deadlineMs: 60_000 }, () => echoThrough(ports['10000']!, '\u0000PING'));
    expect(answer).toBe('\u0000PING');
  });

  it('print versions and help', async () => {
    expect((await shell('kuma-cp version --detailed')).stdout).toContain('2.14.3');
    expect((await shell('kuma-cp -h')).stdout).toContain('run');
    expect((await shell('kumactl version --detailed')).stdout).toContain('2.14.3');
  });
});
