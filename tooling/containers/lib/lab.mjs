import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../../provision/lib/exec.mjs';
import { DOCKER } from './requirements.mjs';

/** Against hangs only: a busy machine is slow. */
const DEADLINE_MS = 300_000;

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
  constructor(engine, project = 'mesh') {
    this.engine = engine;
    this.project = project;
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
    const filters = [`label=com.docker.compose.project=${this.project}`, `label=com.docker.compose.service=${service}`];
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

  /** Waits until another process runs in the container, and is well where it has a health check. */
  recovered(service, oldPid) {
    return this.until(`${service} is well again`, async () => {
      const { Pid, Running } = await this.state(service).catch(() => ({}));
      return Running && Pid !== oldPid && this.isWell(await this.container(service));
    });
  }

  /** Whether the health check of a container passes now, without waiting for the engine to ask; true for one without. */
  async isWell(container) {
    const { Config } = await this.engine.inspect(container);
    const [kind, ...command] = Config.Healthcheck?.Test ?? ['NONE'];
    if (kind === 'NONE') return true;
    return (await run(DOCKER, ['exec', container, ...command], { env: this.engine.env })).code === 0;
  }

  /** Waits until as many instances of a service are well. */
  instances(service, count) {
    return this.until(`${count} instances of ${service} are well`, async () => {
      const ids = await this.containers(service);
      const well = await Promise.all(ids.map((id) => this.isWell(id)));
      return ids.length === count && !well.includes(false);
    });
  }

  /** A file of the secrets of the administrator. */
  async adminSecret(name) {
    const read = `process.stdout.write(require("node:fs").readFileSync("/secrets/admin/${name}", "utf8"))`;
    const volume = `${this.project}_secrets-admin:/secrets/admin:ro`;
    return this.engine.docker('run', '--rm', '--volume', volume, imageOf('lab-setup'), '-e', read);
  }

  /** The first value of a query to the Prometheus of profile `full`; 0 where there is none yet. */
  async measured(query) {
    const url = `http://127.0.0.1:9090/api/v1/query?query=${encodeURIComponent(query)}`;
    const answer = await fetch(url).then(
      (response) => response.json(),
      () => undefined,
    );
    return Number(answer?.data?.result[0]?.value[1] ?? 0);
  }

  status() {
    return this.engine.docker('ps', '--all', '--format', '{{.Names}}  {{.Status}}');
  }
}
