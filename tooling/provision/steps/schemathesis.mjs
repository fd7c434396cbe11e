import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, mustRun } from '../lib/exec.mjs';
import { cacheDir, findOnPath, isExecutable } from '../lib/paths.mjs';
import { isStamped, stamp } from '../lib/stamp.mjs';

const VERSION = '4.32.5';

const ADVICE = `Schemathesis ${VERSION} tests the API and could not be brought. Install Python 3.10 or newer with venv (Debian:
python3-venv), or name its command \`st\` with MESH_SCHEMATHESIS.`;

/** Finds or brings the fuzzer of the API: `MESH_SCHEMATHESIS`, cache, pip in a virtual environment. Returns its path and a word on it. */
export async function provideSchemathesis(say) {
  const given = process.env.MESH_SCHEMATHESIS;
  if (given) {
    if (!isExecutable(given)) throw new Error(`MESH_SCHEMATHESIS is ${given}, which cannot be run`);
    return { path: given, words: 'MESH_SCHEMATHESIS' };
  }
  const home = join(cacheDir, 'schemathesis');
  const path = join(home, 'bin', 'st');
  if (existsSync(path) && isStamped('schemathesis', VERSION)) return { path, words: `${VERSION} (cache)` };
  say(`fetching schemathesis ${VERSION} with pip`);
  await install(home);
  stamp('schemathesis', VERSION);
  return { path, words: `${VERSION} (pip)` };
}

/** Virtual environments know their own path, so it is made in its place. */
async function install(home) {
  const python = findOnPath('python3') ?? findOnPath('python');
  if (!python) throw new Error(`Python 3 was not found. ${ADVICE}`);
  rmSync(home, { recursive: true, force: true });
  try {
    await mustRun(python, ['-m', 'venv', home]);
    const what = ['install', '--no-compile', '--disable-pip-version-check', `schemathesis==${VERSION}`];
    await mustRun(join(home, 'bin', 'python'), ['-m', 'pip', ...what]);
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw new CommandError(ADVICE, error.output ?? error.message);
  }
}
