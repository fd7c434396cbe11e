import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from '../../../packages/lab-kit/src/index.ts';
import { readGuide } from '../../../test-e2e/test/guide.ts';
import { GuideReader } from '../../../test-e2e/test/guide-reader.ts';
import { multiZoneMachines } from '../../../test-e2e/test/multi-zone-machines.ts';
import { makeWorkDir } from '../../../test-e2e/test/work-dir.ts';
import { root } from '../../provision/lib/paths.mjs';
import { sharedEngine } from '../lib/engine.mjs';

const { MESH_NO_ENGINE: noEngine } = process.env;
const steps = readGuide('multi-zone.md');
const setUp = steps.filter(({ machine }) => machine === 'containers');

// test-e2e does the same on plain processes.
describe.skipIf(noEngine)('docs/guides/multi-zone.md with every command a container', () => {
  const engine = sharedEngine();
  const workDir = makeWorkDir('guide-containers');
  const deployment = new Deployment({ binDir: join(root, 'bin'), workDir, envoyPath: '/usr/local/bin/envoy' });
  let machines;
  let reader;

  beforeAll(async () => {
    const env = {
      DOCKER_HOST: engine.socket,
      // Nothing of the checkout is on it; ~/bin is where the guide puts the commands.
      PATH: '/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin',
      KUMA_DATAPLANE_RUNTIME_BINARY_PATH: '/usr/local/bin/envoy',
    };
    machines = await multiZoneMachines({ deployment, env: (home) => ({ ...env, PATH: `${home}/bin:${env.PATH}` }) });
    reader = new GuideReader({ deployment, machines });
  });
  afterAll(async () => {
    await deployment.stop();
    rmSync(workDir, { recursive: true, force: true });
  });

  test.each(setUp.map((step) => [step.line, step]))('a machine is made ready as in line %i', async (_, step) => {
    for (const { user } of machines.values()) {
      const { stdout } = await user.shell(step.command.replace('deploy/', `${join(root, 'deploy')}/`));
      expect(stdout).toContain(step.output[0]);
    }
  });

  test.each(steps.filter((step) => !setUp.includes(step)).map((step) => [step.line, step]))('does what it says in line %i', (_, step) =>
    reader.run(step),
  );
});
