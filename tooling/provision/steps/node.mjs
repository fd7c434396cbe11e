import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lib/paths.mjs';

/** Checks that this Node is one the repository runs on. */
export function provideNode(version = process.versions.node) {
  const wanted = /(\d+)\.(\d+)/.exec(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node);
  const [major, minor] = version.split('.').map(Number);
  const isNewEnough = major > Number(wanted[1]) || (major === Number(wanted[1]) && minor >= Number(wanted[2]));
  if (!isNewEnough) throw new Error(`Node ${wanted[1]}.${wanted[2]} or newer is needed; this is ${version}`);
  return version;
}
