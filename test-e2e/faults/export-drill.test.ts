import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Traffic } from '@mesh/fault-kit';
import { allowAll, type ControlPlaneHandle, type TwoZones } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN_DIR } from '../test/config.js';
import { makeWorkDir } from '../test/work-dir.js';
import { type Drill, endpointResponses, proxiesOf, startDrill } from './drill.js';

const execute = promisify(execFile);

describe('a global of which an export is all that is left', () => {
  const workDir = makeWorkDir('export');
  const backup = join(workDir, 'backup.yaml');
  let drill: Drill;
  let lab: TwoZones;
  let traffic: Traffic;

  beforeAll(async () => {
    drill = await startDrill({ workDir, addressBlock: 211, store: 'memory' });
    ({ lab, traffic } = drill);
  });

  afterAll(async () => {
    await drill?.stop();
    rmSync(workDir, { recursive: true, force: true });
  });

  /** A line of the runbook, typed by an operator of that global. */
  async function kumactl({ api, name }: ControlPlaneHandle, line: string): Promise<void> {
    const env = { HOME: workDir, PATH: `${BIN_DIR}:${process.env['PATH']}` };
    const config = `--config-file=${join(workDir, `kumactl-${name}-${api.url.split(':').at(-1)}`)}`;
    const sh = (command: string) => execute('/bin/sh', ['-ec', command], { env });
    await sh(`kumactl ${config} config control-planes add --name=here --overwrite --address=${api.url}`);
    await sh(line.replace('kumactl', `kumactl ${config}`));
  }

  it('is made anew of it at another address: zones return, and no proxy gets an endpoint anew', { timeout: 300_000 }, async () => {
    await kumactl(lab.global, `kumactl export --profile all --include-admin > ${backup}`);
    const ids = await proxiesOf(lab.global);
    for (const { spec } of lab.global.processes) await lab.deployment.group.find(spec.name)?.stop('SIGKILL');
    const sentBefore = await endpointResponses(lab.zone1);
    const lostAt = performance.now();

    const global = await lab.deployment.launchControlPlane({ name: 'global', store: { type: 'memory' }, layout: 'services' });
    await lab.deployment.waitForApi(global);
    await kumactl(global, `kumactl apply -f ${backup}`);
    drill.leadTo(global);
    for (const zone of ['zone-1', 'zone-2']) await lab.deployment.waitForZone(global, zone);
    await lab.deployment.until('all proxies at the new global', async () => (await proxiesOf(global)).join() === ids.join());
    process.stdout.write(
      `  restore of an export: ${((performance.now() - lostAt) / 60_000).toFixed(2)} minutes from the loss to both zones back\n`,
    );

    const later = { ...allowAll(), name: 'after-the-restore' };
    await global.api.put('/meshes/default/meshtrafficpermissions/after-the-restore', later);
    for (const zone of [lab.zone1, lab.zone2]) {
      await lab.deployment.until(`a change of the new global in ${zone.name}`, async () => {
        const list = await zone.api.get<{ items: { name: string }[] }>('/meshes/default/meshtrafficpermissions');
        return list?.items.some(({ name }) => name.startsWith('after-the-restore'));
      });
    }
    expect(await endpointResponses(lab.zone1)).toBe(sentBefore);
    expect(traffic.failures).toEqual([]);
    expect(traffic.answered).toBeGreaterThan(0);
  });
});
