import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningControlPlane, startControlPlane } from './control-plane.js';
import { Shell } from './shell.js';

/** Against hangs only: a hundred processes take their time on a busy machine. */
const TIMEOUT_MS = 300_000;
const DIRECTORY = join(import.meta.dirname, 'transcripts');
const files = (suffix: string): string[] => readdirSync(DIRECTORY).filter((name) => name.endsWith(suffix));

/** Comes and goes with what this build does in proxies, and is tested where kinds are. */
const NO_EFFECT = /^Warning: \w+ has no effect .*\n/gm;

/**
 * Sessions of a user with the kumactl that is shipped and a control plane that runs: each command with what it prints
 * (`! ` before lines of standard error) and its exit code. `-u` writes down what it is now.
 */
describe.each(files('.txt'))('transcripts/%s', (name) => {
  let shell: Shell;
  let controlPlane: RunningControlPlane;
  beforeAll(async () => {
    shell = await Shell.open();
    for (const file of files('.yaml')) copyFileSync(join(DIRECTORY, file), join(shell.home, file));
    controlPlane = await startControlPlane(shell);
  });
  afterAll(async () => {
    shell.close();
    expect(await controlPlane.stop()).toBe(0);
  });

  it(
    'is what a user sees',
    async () => {
      const path = join(DIRECTORY, name);
      const commands = [...readFileSync(path, 'utf8').matchAll(/^\$ (.*)$/gm)].map(([, command]) => command ?? '');
      const blocks: string[] = [];
      for (const command of commands) {
        const { out, err, code } = await shell.run(command);
        const complaints = err.replace(NO_EFFECT, '').replace(/^(?=.)/gm, '! ');
        blocks.push(`$ ${command}\n${masked(out)}${masked(complaints)}[exit ${code}]\n`);
      }
      await expect(blocks.join('\n')).toMatchFileSnapshot(path);
    },
    TIMEOUT_MS,
  );

  /** Without what differs from run to run. */
  function masked(text: string): string {
    const known: readonly (readonly [RegExp | string, string])[] = [
      [controlPlane.url, 'http://localhost:5681'],
      [shell.home, '~'],
      [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
      [/(?<= {3})\d+[sm]$/gm, '<age>'],
      [/("?(hostname|instanceId|clusterId)"?: ?)"[^"]*"/g, '$1"<id>"'],
      [/(Hostname|ClusterId|InstanceId): [^,\n]*/g, '$1: <id>'],
      [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>'],
    ];
    const plain = known.reduce((before, [what, mask]) => before.replaceAll(what, mask), text);
    return plain === '' || plain.endsWith('\n') ? plain : `${plain}<no newline>\n`;
  }
});
