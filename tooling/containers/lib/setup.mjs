import { execFileSync } from 'node:child_process';
import { root } from '../../provision/lib/paths.mjs';
import { makeBaseImages } from './base-images.mjs';
import { Engine } from './engine.mjs';
import { buildImages } from './lab.mjs';
import { timed } from './report.mjs';

let engine;

/** Starts the engine that all test files share, and makes the images. Nothing where no engine can be started. */
export async function setup() {
  const { MESH_ENGINE_DIR: dir, MESH_ENGINE_CGROUP: cgroup, MESH_DEBIAN_TAR: debianTar, ENVOY_PATH: envoyPath } = process.env;
  if (!dir) return;
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  engine = new Engine(dir, cgroup);
  await engine.start();
  await timed('base images', () => makeBaseImages(engine, { debianTar, scratch: dir, envoyPath }));
  await timed('images', () => buildImages(engine, root));
}

/** Stops it. */
export async function teardown() {
  await engine?.stop();
}
