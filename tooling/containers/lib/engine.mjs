import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../../provision/lib/exec.mjs';
import { root } from '../../provision/lib/paths.mjs';
import { DOCKER } from './requirements.mjs';

const START_DEADLINE_MS = 60_000;
const COMMAND_TIMEOUT_MS = 10 * 60_000;

/** A container engine with state, sockets and cgroups of its own. It is started in namespaces of its own: see `run.mjs`. */
export class Engine {
  /** @param dir directory for all it writes; its path must be short, as sockets lie below it. @param cgroup parent of its cgroups. */
  constructor(dir, cgroup) {
    this.dir = dir;
    this.cgroup = cgroup;
    this.socket = `unix://${join(dir, 'docker.sock')}`;
    this.env = {
      PATH: process.env.PATH,
      HOME: dir,
      DOCKER_HOST: this.socket,
      DOCKER_BUILDKIT: '1',
      MESH_BUNDLES: 'prebuilt',
      COMPOSE_PROJECT_NAME: 'mesh',
      COMPOSE_HTTP_TIMEOUT: '300',
      COMPOSE_PARALLEL_LIMIT: '64',
    };
  }

  /** Starts it and waits until it answers. */
  async start() {
    mkdirSync(this.dir, { recursive: true });
    const log = openSync(join(this.dir, 'dockerd.log'), 'a');
    const flags = ['--data-root', join(this.dir, 'data'), '--exec-root', join(this.dir, 'exec'), '--pidfile', join(this.dir, 'docker.pid')];
    this.daemon = spawn('dockerd', [...flags, '--host', this.socket, '--cgroup-parent', `/${this.cgroup}`], {
      stdio: ['ignore', log, log],
    });
    const deadline = Date.now() + START_DEADLINE_MS;
    while ((await run(DOCKER, ['info'], { env: this.env })).code !== 0) {
      if (this.daemon.exitCode !== null || Date.now() > deadline) throw new Error(`the engine did not start:\n${this.log()}`);
      await delay(200);
    }
  }

  /** Runs `docker` and returns what it printed. Throws with that where it fails. */
  docker(...args) {
    return this.#must(DOCKER, args);
  }

  /** Runs `docker-compose` on the lab and returns what it printed. Throws with that where it fails. */
  compose(...args) {
    return this.#must('docker-compose', args);
  }

  /** As `compose`, with settings; returns `{ code, output }`. */
  tryCompose(args, settings = {}) {
    return run('docker-compose', args, { cwd: root, env: { ...this.env, ...settings }, timeoutMs: COMMAND_TIMEOUT_MS });
  }

  /** What `docker inspect` says of a container, network or image. */
  async inspect(name) {
    return JSON.parse(await this.docker('inspect', name))[0];
  }

  async stop() {
    if (!this.daemon || this.daemon.exitCode !== null) return;
    const ended = new Promise((resolve) => this.daemon.once('exit', resolve));
    this.daemon.kill('SIGTERM');
    await ended;
  }

  log() {
    return readFileSync(join(this.dir, 'dockerd.log'), 'utf8').split('\n').slice(-30).join('\n');
  }

  async #must(command, args) {
    const { code, output } = await run(command, args, { cwd: root, env: this.env, timeoutMs: COMMAND_TIMEOUT_MS });
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output.split('\n').slice(-60).join('\n')}`);
    return output;
  }
}

/** The engine that `setup.mjs` has started for all test files. */
export function sharedEngine() {
  const { MESH_ENGINE_DIR: dir = '', MESH_ENGINE_CGROUP: cgroup = '' } = process.env;
  return new Engine(dir, cgroup);
}
