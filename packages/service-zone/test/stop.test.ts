import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, type Runner, silentLogger } from '@mesh/core';
import { Health, Metrics, SERVICE_RUNNER, startServices } from '@mesh/runtime';
import { AdsClient, waitFor, zoneConfig } from '@mesh/zone-kit';
import { Module } from '@nestjs/common';
import { afterEach, expect, it } from 'vitest';
import { ZoneModule, type ZoneRunner } from '../src/index.js';

@Module({})
class BusyModule {}

const workDir = mkdtempSync(join(tmpdir(), 'mesh-stop-'));
let letGo = (): void => {};
afterEach(() => {
  letGo();
  rmSync(workDir, { recursive: true, force: true });
});

const warnings: string[] = [];
const warn = (fields: object, text: string): void => void warnings.push(`${text} ${JSON.stringify(fields)}`);
const log: Logger = { ...silentLogger, warn, error: warn, child: () => log };

/** A service of the same process whose clients keep it busy when it is to stop. */
function busy(): Runner {
  const idle = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  return { name: 'busy', start: async () => {}, stop: () => idle };
}

const web = {
  type: 'Dataplane',
  mesh: 'default',
  name: 'web-1',
  networking: { address: '127.0.0.1', inbound: [{ port: 18080, tags: { 'kuma.io/service': 'web' } }] },
};

it('a zone control plane that stops hands over first, while streams go on; then proxies are told, and known to be offline; nobody is warned', async () => {
  const config = zoneConfig(workDir);
  const metrics = new Metrics('zone-1');
  const options = { config, log, metrics, health: new Health() };
  const another = () => ({ module: BusyModule, providers: [{ provide: SERVICE_RUNNER, useFactory: busy }] });
  const host = await startServices([(given) => ZoneModule.forRoot(given), another], options);
  const { controlPlane, dataplanePort: port } = host.runners[0] as ZoneRunner;
  const leads = async () => /^leader\{[^}]*\} 1$/m.test(await metrics.text());
  await waitFor(leads, 'the leader');
  const request = { mesh: 'default', tags: {}, proxyType: 'dataplane', workload: '', validForMs: 60_000 } as const;
  const token = await controlPlane.issueToken({ type: 'dataplane', name: 'web-1', ...request });
  const ca = readFileSync(join(workDir, 'kuma-cp.crt'), 'utf8');
  const client = AdsClient.connect({ port, ca, nodeId: 'default.web-1', token, inline: web });
  await client.firstResponse;
  let isEnded = false;
  void client.ended.then(() => {
    isEnded = true;
  });

  const stopping = host.stop();
  await waitFor(async () => !(await leads()), 'the end of its leadership');
  expect(isEnded).toBe(false);
  letGo();
  expect(await client.ended).toMatchObject({ code: 14, details: 'the control plane is stopping' });
  await stopping;
  expect(warnings).toEqual([expect.stringContaining('resources are kept in memory')]);
  const { subscriptions = [] } =
    controlPlane.view.find<{ subscriptions?: { disconnectTime?: string }[] }>('DataplaneInsight', 'default', 'web-1')?.spec ?? {};
  expect(subscriptions.map(({ disconnectTime }) => disconnectTime !== undefined)).toEqual([true]);
});
