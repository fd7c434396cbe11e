import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../../provision/lib/exec.mjs';
import { DOCKER } from './requirements.mjs';

/** Against hangs only: a busy machine is slow. */
const DEADLINE_MS = 300_000;
const PROJECT = 'mesh';

/** The targets of the Dockerfile that are images of their own. */
export const IMAGES = [
  'global-cp',
  'zone-cp',
  'ingress-manager',
  'dns-resolver',
  'api-gateway',
  'kuma-cp',
  'kuma-dp',
  'kuma-prometheus-sd',
  'kumactl',
  'lab-setup',
  'demo',
];

/** Builds all images from the bundles of this checkout. */
export async function buildImages(engine, context) {
  for (const name of IMAGES) {
    await engine.docker('build', '--quiet', '--build-arg', 'BUNDLES=prebuilt', '--target', name, '--tag', imageOf(name), context);
  }
}

export function imageOf(name) {
  return `mesh/${name}:dev`;
}

/** The running compose lab. */
export class Lab {
  constructor(engine) {
    this.engine = engine;
  }

  /** `curl` in the container of an application; what it answered as an object, or undefined. */
  async ask(url, from = 'web') {
    const { code, output } = await run(DOCKER, ['exec', await this.container(from), 'curl', '-sS', '--max-time', '5', url], {
      env: this.engine.env,
    });
    if (code !== 0) return undefined;
    try {
      return JSON.parse(output);
    } catch {
      return undefined;
    }
  }

  /** Waits until `check` returns something, and returns it. */
  async until(what, check) {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const found = await check();
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`${what}: not within ${DEADLINE_MS / 1000} s\n${await this.status()}`);
      await delay(250);
    }
  }

  /** Waits for an answer of billing in the other zone. */
  answer() {
    return this.until('an answer from billing.mesh', () => this.ask('http://billing.mesh/'));
  }

  /** Ids of the containers of a compose service. */
  async containers(service) {
    const filters = [`label=com.docker.compose.project=${PROJECT}`, `label=com.docker.compose.service=${service}`];
    const ids = await this.engine.docker('ps', '--quiet', ...filters.flatMap((filter) => ['--filter', filter]));
    return ids.split('\n').filter((id) => id !== '');
  }

  async container(service) {
    const [id] = await this.containers(service);
    if (!id) throw new Error(`${service} does not run\n${await this.status()}`);
    return id;
  }

  /** State of the container of a service: `State` of `docker inspect`. */
  async state(service) {
    return (await this.engine.inspect(await this.container(service))).State;
  }

  /** Kills the first process of a container as a crash would: the engine starts it anew, as it does not after `docker kill`. */
  async crash(service) {
    const { Pid } = await this.state(service);
    process.kill(Pid, 'SIGKILL');
    return Pid;
  }

  /** Waits until another process runs in the container, and says that it is well where it has a health check. */
  recovered(service, oldPid) {
    return this.until(`${service} is well again`, async () => {
      const { Pid, Running, Health } = await this.state(service).catch(() => ({}));
      return Running && Pid !== oldPid && (Health === undefined || Health.Status === 'healthy');
    });
  }

  status() {
    return this.engine.docker('ps', '--all', '--format', '{{.Names}}  {{.Status}}');
  }
}
