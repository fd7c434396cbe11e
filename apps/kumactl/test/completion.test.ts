import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stored } from './documents.js';
import { KumactlUnderTest } from './fixture.js';
import { Shell } from './shell.js';

let kumactl: KumactlUnderTest;
let shell: Shell;
beforeAll(async () => {
  kumactl = await KumactlUnderTest.start();
  await kumactl.seed(
    stored('Mesh', 'default'),
    stored('Mesh', 'demo'),
    stored('Dataplane', 'demo/web-1', { networking: { address: '127.0.0.1' } }),
    stored('Dataplane', 'demo/web-2', { networking: { address: '127.0.0.1' } }),
  );
  shell = await Shell.open();
});
afterAll(async () => {
  await kumactl.stop();
  shell.close();
});

/** Values offered for the last of the words. */
async function offered(...words: string[]): Promise<string[]> {
  const { out, code } = await kumactl.run(['__complete', ...words]);
  expect(code).toBe(0);
  return out.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0] ?? '']));
}

describe('kumactl completion', () => {
  it.each([
    { words: ['ap'], values: ['apply'] },
    { words: ['config', 'control-planes', ''], values: ['add', 'list', 'remove', 'switch'] },
    { words: ['get', 'meshtimeout'], values: ['meshtimeout', 'meshtimeouts'] },
    { words: ['get', 'meshes', '-o', ''], values: ['table', 'yaml', 'json'] },
    { words: ['get', 'meshes', '--output=y'], values: ['--output=yaml'] },
    { words: ['get', 'meshes', '--output', '=', 'j'], values: ['json'] },
    { words: ['inspect', 'zoneegress', '--type', ''], values: ['config-dump', 'stats', 'clusters'] },
    { words: ['get', 'meshes', '--si'], values: ['--size'] },
    { words: ['get', 'mesh', ''], values: ['default', 'demo'] },
    { words: ['get', 'dataplane', '--mesh', 'de'], values: ['default', 'demo'] },
    { words: ['get', 'dataplane', '--mesh', 'demo', 'web'], values: ['web-1', 'web-2'] },
    { words: ['delete', 'dataplan'], values: ['dataplane'] },
    { words: ['delete', 'dataplane', '--mesh=demo', ''], values: ['web-1', 'web-2'] },
    { words: ['get', 'dataplane', 'web-1', ''], values: [] },
    { words: ['get', 'meshes', ''], values: [] },
    { words: ['apply', '-f', ''], values: [':files'] },
    { words: ['export', '--profile', 'fed'], values: ['federation', 'federation-with-policies'] },
    { words: ['nope', ''], values: [] },
    { words: ['--context', 'test', 'get', 'mesh', 'dem'], values: ['demo'] },
  ])('offers $values after $words', async ({ words, values }) => {
    expect(await offered(...words)).toEqual(values);
  });

  it('offers nothing, and says nothing, where the control plane is away', async () => {
    const { out, err, code } = await kumactl.run(['--config-file', `${kumactl.home}/other`, 'version']);
    expect({ code, err: err !== '' || out !== '' }).toEqual({ code: 0, err: true });
    expect(await kumactl.run(['__complete', 'get', 'mesh', '--context', 'nope', ''])).toEqual(
      expect.objectContaining({ code: 0, err: '' }),
    );
  });

  it('completes a line in bash', async () => {
    await shell.run(`kumactl config control-planes add --name test --address ${kumactl.url}`);
    const complete = async (line: string): Promise<string> => {
      const words = line.split(' ');
      const script = `. <(kumactl completion bash); COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _kumactl; echo "\${COMPREPLY[*]}"`;
      const { out, err } = await shell.run(script, 'bash');
      expect(err).toBe('');
      return out.trim();
    };
    expect(await complete('kumactl get meshtr')).toBe(
      'meshtrace meshtraces meshtrafficpermission meshtrafficpermissions meshtrust meshtrusts',
    );
    expect(await complete('kumactl get dataplane --mesh demo ')).toBe('web-1 web-2');
    expect(await complete('kumactl apply -f ku')).toBe('kumactl');
  });

  it.each(['bash', 'fish', 'powershell', 'zsh'])('has a script for %s that asks kumactl itself', async (name) => {
    const { out, code } = await kumactl.run(['completion', name]);
    expect(code).toBe(0);
    expect(out).toContain('kumactl __complete');
  });
});
