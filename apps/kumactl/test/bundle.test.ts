import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Shell } from './shell.js';

let shell: Shell;
let texts: ReadonlyMap<string, string>;
beforeAll(async () => {
  shell = await Shell.open();
  const directory = join(shell.home, 'lib');
  const names = readdirSync(directory).filter((name) => name.endsWith('.js'));
  texts = new Map(names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
});
afterAll(() => shell.close());

/** What is loaded with a file, itself included. */
function loadedWith(name: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const [, other = ''] of (texts.get(name) ?? '').matchAll(/^(?:import|export) [^;]*?"\.\/([\w.-]+)";$/gm)) loadedWith(other, seen);
  return seen;
}

describe('the bundle of kumactl', () => {
  it('loads no kinds before a command asks for them', () => {
    const holding = [...texts].filter(([, text]) => text.includes('DescriptorRegistry = class')).map(([name]) => name);
    expect(holding).toHaveLength(1);
    const loaded = loadedWith('main.js');
    expect(loaded.size).toBeGreaterThan(1);
    expect([...loaded]).not.toEqual(expect.arrayContaining(holding));
  });

  it('holds no types of Envoy', () => {
    for (const [name, text] of texts) expect(/\bfileDesc\(/.test(text), name).toBe(false);
  });
});
