import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseControlPlanePorts, choosePort, Deployment, listenerEnv, until } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { type GuideStep, readGuide } from './guide.js';
import { GuideReader } from './guide-reader.js';
import { UserMachine } from './user-machine.js';
import { makeWorkDir } from './work-dir.js';

const CHECKOUT = join(BIN_DIR, '..');
const PLATFORM = `${process.platform}-${process.arch}`;
const DEADLINE_MS = 30_000;

/** An archive of this platform, unpacked on a machine that has Node, a shell and its tools, and nothing else of ours. */
describe('a package', () => {
  const workDir = makeWorkDir('package');
  const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
  let machine: UserMachine;
  let reader: GuideReader;
  let dp: string;

  beforeAll(async () => {
    const ports = await chooseControlPlanePorts();
    const api = `http://localhost:${ports.api}`;
    dp = `https://localhost:${ports.dp}`;
    const tools = join(workDir, 'tools');
    mkdirSync(tools);
    symlinkSync(process.execPath, join(tools, 'node'));
    const env = {
      ...listenerEnv(ports),
      KUMA_DIAGNOSTICS_SERVER_PORT: String(await choosePort(0)),
      PATH: `${tools}:/usr/bin:/bin`,
    };
    machine = new UserMachine({ name: 'fresh', deployment, replace: new Map([['http://localhost:5681', api]]), env });
    reader = new GuideReader({ deployment, machines: new Map([['', { user: machine, readyUrl: `${api}/meshes/default` }]]) });
    // In place of the address that kumactl asks unless told otherwise.
    const local = { controlPlanes: [{ name: 'here', coordinates: { apiServer: { url: api } } }] };
    const config = { ...local, contexts: [{ name: 'here', controlPlane: 'here' }], currentContext: 'here' };
    mkdirSync(join(machine.home, '.kumactl'));
    writeFileSync(join(machine.home, '.kumactl', 'config'), JSON.stringify(config));
    const args = ['tooling/release/main.mjs', 'package', '--platform', PLATFORM, '--envoy', envoyPath(), '--out', machine.home];
    execFileSync(process.execPath, args, { cwd: CHECKOUT, stdio: ['ignore', 'ignore', 'inherit'] });
  });
  afterAll(async () => {
    await deployment.stop();
    rmSync(workDir, { recursive: true, force: true });
  });

  const soon = <T>(what: string, check: () => Promise<T | undefined | false>) =>
    until({ what, deadlineMs: DEADLINE_MS, intervalMs: 100, signal: deployment.group.signal }, check);

  it('has a checksum that holds', async () => {
    expect((await machine.shell('sha256sum -c SHA256SUMS')).stdout).toContain(': OK');
  });

  // The last blocks are for a machine whose first process is systemd.
  it.each(readGuide('packages.md', { without: 'root' }).map((step): [number, GuideStep] => [step.line, step]))(
    'does what docs/guides/packages.md says in line %i',
    (_, step) => reader.run(step),
  );

  it('says what every command is for', async () => {
    const commands = readdirSync(BIN_DIR);
    for (const command of commands) {
      const { code, stdout, stderr } = await machine.attempt(`mesh-*/bin/${command} --help`);
      expect(code, command + stderr).toBe(0);
      expect(stdout, command).toContain(command);
    }
  });

  it('runs a proxy with the Envoy it brings', async () => {
    const [port, inbound, outbound] = [await choosePort(0), await choosePort(0), await choosePort(0)];
    machine.start('echo', `mesh-*/bin/kuma-tcp-echo --address 127.0.0.1 --port ${port} --name packed`);
    await machine.shell(`echo "type: Dataplane
mesh: default
name: packed-1
networking:
  address: 127.0.0.1
  inbound:
  - port: ${inbound}
    servicePort: ${port}
    tags:
      kuma.io/service: packed
      kuma.io/protocol: http
  outbound:
  - port: ${outbound}
    tags:
      kuma.io/service: packed" > packed.yaml
mesh-*/bin/kumactl generate dataplane-token --mesh=default --name=packed-1 --valid-for=1h > packed.token`);
    machine.start(
      'kuma-dp',
      `mesh-*/bin/kuma-dp run --cp-address=${dp} --dataplane-file=packed.yaml --dataplane-token-file=packed.token --binary-path=envoy`,
    );
    await soon('an answer through Envoy', async () => {
      const answer = await fetch(`http://127.0.0.1:${outbound}/`).catch(() => undefined);
      return answer?.status === 200 && (await answer.text()).includes('packed');
    });
  });
});
