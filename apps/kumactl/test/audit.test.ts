import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningControlPlane, startControlPlane } from './control-plane.js';
import { Shell } from './shell.js';

describe.each(['zone', 'global'] as const)('the audit of a %s', (mode) => {
  let shell: Shell;
  let controlPlane: RunningControlPlane;
  beforeAll(async () => {
    shell = await Shell.open();
    controlPlane = await startControlPlane(shell, mode);
  });
  afterAll(async () => {
    await controlPlane.stop();
    shell.close();
  });

  const lines = async (command: string) => (await shell.run(command)).out.split('\n').map((line) => line.split(/ {3,}/));

  it('has what is asked of it, accepted and refused, and no write of the control plane itself', async () => {
    expect((await shell.run("printf 'type: Mesh\\nname: demo\\n' | kumactl apply -f -")).code).toBe(0);
    expect((await shell.run('kumactl delete mesh nope')).code).toBe(1);
    const [headers, ...records] = await lines('kumactl get audit --kind Mesh --outcome done');
    expect(headers?.slice(1, 3)).toEqual(['WHO', 'BY']);
    expect(records).toEqual([expect.arrayContaining(['mesh-system:admin', 'localhost', 'PUT', 'Mesh', 'demo', '201', 'done']), ['']]);
    await expect
      .poll(async () => (await lines('kumactl get audit --outcome refused'))[1])
      .toEqual(expect.arrayContaining(['DELETE', 'Mesh', 'nope', '404', 'refused']));
  });
});
