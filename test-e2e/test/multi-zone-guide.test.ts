import { rmSync } from 'node:fs';
import { Deployment } from '@mesh/lab-kit';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { BIN_DIR, envoyPath } from './config.js';
import { type GuideStep, readGuide } from './guide.js';
import { GuideReader } from './guide-reader.js';
import { multiZoneMachines } from './multi-zone-machines.js';
import { makeWorkDir } from './work-dir.js';

// tooling/containers/test does the same with every command a container.
describe('docs/guides/multi-zone.md', () => {
  const workDir = makeWorkDir('guide-multi-zone');
  const deployment = new Deployment({ binDir: BIN_DIR, workDir, envoyPath: envoyPath() });
  let reader: GuideReader;

  beforeAll(async () => {
    reader = new GuideReader({ deployment, machines: await multiZoneMachines({ deployment }) });
  });
  afterAll(async () => {
    await deployment.stop();
    rmSync(workDir, { recursive: true, force: true });
  });

  it.each(readGuide('multi-zone.md', { without: 'containers' }).map((step): [number, GuideStep] => [step.line, step]))(
    'does what it says in line %i',
    (_, step) => reader.run(step),
  );
});
