import { rmSync } from 'node:fs';
import { chooseControlPlanePorts, choosePort, Deployment, listenerEnv } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { type GuideStep, readGuide } from './guide.js';
import { GuideReader } from './guide-reader.js';
import { UserMachine } from './user-machine.js';
import { makeWorkDir } from './work-dir.js';

/** Guides whose commands are run one after the other, as a reader would, on a machine of their own. */
describe.each(['api.md', 'kumactl.md', 'tokens.md', 'access.md'])('docs/guides/%s', (guide) => {
  const workDir = makeWorkDir('guide');
  const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
  let reader: GuideReader;

  beforeAll(async () => {
    const ports = await chooseControlPlanePorts();
    const env = { ...listenerEnv(ports), KUMA_DIAGNOSTICS_SERVER_PORT: String(await choosePort(0)) };
    const replace = new Map([
      ['http://localhost:5681', `http://localhost:${ports.api}`],
      ['https://localhost:5682', `https://localhost:${ports.apiHttps}`],
    ]);
    const user = new UserMachine({ name: 'reader', deployment, replace, env });
    reader = new GuideReader({
      deployment,
      machines: new Map([['', { user, readyUrl: `http://localhost:${ports.api}/meshes/default` }]]),
    });
  });
  afterAll(async () => {
    await deployment.stop();
    rmSync(workDir, { recursive: true, force: true });
  });

  it.each(readGuide(guide).map((step): [number, GuideStep] => [step.line, step]))('does what it says in line %i', (_, step) =>
    reader.run(step),
  );
});
