import { rmSync } from 'node:fs';
import { type ControlPlaneHandle, Deployment, fuzzApi, openFiles, seedForFuzz } from '@mesh/lab-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BIN_DIR, envoyPath, schemathesisPath } from './config.js';
import { makeWorkDir } from './work-dir.js';

const SECONDS_MAX = 45;

const workDir = makeWorkDir('api-fuzz');
const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
let zone: ControlPlaneHandle;

beforeAll(async () => {
  zone = await deployment.launchControlPlane({ name: 'zone-1', store: { type: 'memory' }, layout: 'single' });
  await deployment.waitForApi(zone);
  await seedForFuzz(zone.api);
});

afterAll(async () => {
  await deployment.stop();
  rmSync(workDir, { recursive: true, force: true });
});

it('random requests made from the OpenAPI document get answers that conform to it, and leave nothing open', async () => {
  const [process] = zone.processes;
  const before = openFiles(process?.pid ?? 0);
  const { ok, requests, output } = await fuzzApi({
    command: schemathesisPath(),
    api: zone.api,
    workDir,
    secondsMax: SECONDS_MAX,
    examples: 3,
  });
  expect(ok, output).toBe(true);
  expect(requests).toBeGreaterThan(1_000);
  expect(process?.running).toBe(true);
  if (before !== undefined) await deployment.until('connections closed', () => (openFiles(process?.pid ?? 0) ?? before) <= before);
});
