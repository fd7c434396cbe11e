import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { mustRun } from '../../provision/lib/exec.mjs';
import { cacheDir, findOnPath } from '../../provision/lib/paths.mjs';
import { findSystemPostgres } from '../../provision/steps/postgres.mjs';

/** The image has its own. */
const C_LIBRARY = /^(libc|libm|libdl|libpthread|librt|libresolv|libgcc_s|libstdc\+\+)\.so/;
const RECIPES = new URL('../images/', import.meta.url);

/** The name an image is made under: where there is a registry, that is where it comes from. */
export const BASE_IMAGES = {
  node: 'node:24-slim',
  postgres: 'postgres:17',
  redis: 'redis:8',
  prometheus: 'prom/prometheus:v3.5.0',
  envoy: 'envoyproxy/envoy:v1.40.0',
};

/**
 * The file system of a small Debian as a tar, of the release that runs here, so that programs of this machine find their libraries
 * in it. Made once and kept.
 */
export async function provideDebian() {
  const release = /^VERSION_CODENAME=(\S+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const tar = join(cacheDir, 'containers', `${release}.tar`);
  if (existsSync(tar)) return tar;
  const scratch = join(cacheDir, 'containers', `${release}.${process.pid}`);
  mkdirSync(scratch, { recursive: true });
  try {
    await mustRun('debootstrap', ['--variant=minbase', '--include=curl', release, join(scratch, 'rootfs')]);
    await mustRun('tar', [
      '-C',
      join(scratch, 'rootfs'),
      '--exclude=./var/cache/apt/*',
      '--exclude=./var/lib/apt/lists/*',
      '-cf',
      join(scratch, 'tar'),
      '.',
    ]);
    renameSync(join(scratch, 'tar'), tar);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return tar;
}

/** Makes the images that the Dockerfile and docker-compose.yml start from, out of programs of this machine. */
export async function makeBaseImages(engine, { debianTar, scratch, envoyPath }) {
  await engine.docker('import', debianTar, 'debian:bookworm-slim');
  const context = join(scratch, 'base-images');
  mkdirSync(join(context, 'lib'), { recursive: true });
  for (const name of ['Dockerfile', 'postgres-entrypoint.sh']) copyFileSync(new URL(name, RECIPES), join(context, name));
  const postgres = findSystemPostgres();
  if (!postgres) throw new Error('a Postgres of the system is needed: apt-get install postgresql');
  copyPostgres(postgres, context);
  const programs = {
    node: process.execPath,
    envoy: envoyPath,
    'redis-server': findOnPath('redis-server'),
    prometheus: findOnPath('prometheus'),
  };
  for (const [name, path] of Object.entries(programs)) {
    if (!path) throw new Error(`${name} is needed for its image`);
    copyFileSync(realpathSync(path), join(context, name));
    if (name !== 'envoy') copyLibraries(path, context);
  }
  for (const [target, tag] of Object.entries(BASE_IMAGES))
    await engine.docker('build', '--quiet', '--target', target, '--tag', tag, context);
  rmSync(context, { recursive: true, force: true });
}

/** Debian's layout: binaries and modules of one version, its data files, and a copy of both paths in the image. */
function copyPostgres(bin, context) {
  const version = basename(dirname(bin));
  for (const dir of [`/usr/lib/postgresql/${version}`, `/usr/share/postgresql/${version}`]) {
    cpSync(dir, join(context, 'postgres', dir), {
      recursive: true,
      filter: (path) => !/\/(locale|man|bitcode|extension\/.*--.*--)/.test(path),
    });
  }
  for (const name of ['postgres', 'initdb', 'pg_isready', 'psql']) copyLibraries(join(bin, name), context);
}

function copyLibraries(program, context) {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' });
  for (const [, path] of listed.matchAll(/=> (\/\S+)/g)) {
    if (!C_LIBRARY.test(basename(path))) copyFileSync(realpathSync(path), join(context, 'lib', basename(path)));
  }
}
