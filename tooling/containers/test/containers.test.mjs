import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../provision/lib/exec.mjs';
import { root } from '../../provision/lib/paths.mjs';
import { makeBaseImages } from '../lib/base-images.mjs';
import { Engine } from '../lib/engine.mjs';
import { buildImages, IMAGES, imageOf, Lab } from '../lib/lab.mjs';
import { DOCKER } from '../lib/requirements.mjs';

const {
  MESH_NO_ENGINE: noEngine,
  MESH_ENGINE_DIR: dir = '',
  MESH_ENGINE_CGROUP: cgroup = '',
  MESH_DEBIAN_TAR: debianTar = '',
} = process.env;
const MIB = 1024 * 1024;
/** Compressed, as a registry keeps it. */
const IMAGE_BYTES_MAX = 120 * MIB;
const KUMACTL_BYTES_MAX = 60 * MIB;
const FULL = ['--profile', 'full'];

describe.skipIf(noEngine)('on a container engine', () => {
  let engine;
  let lab;

  beforeAll(async () => {
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    engine = new Engine(dir, cgroup);
    lab = new Lab(engine);
    await engine.start();
    await timed('base images', () => makeBaseImages(engine, { debianTar, scratch: dir, envoyPath: process.env.ENVOY_PATH }));
    await timed('images', () => buildImages(engine, root));
  });
  afterAll(() => engine?.stop());

  test.each(IMAGES)('the image of %s runs as nobody in particular and says what it is', async (name) => {
    const { Config } = await engine.inspect(imageOf(name));
    expect(Config.User).toBe('10001:10001');
    expect(Config.Labels).toMatchObject({ 'org.opencontainers.image.title': name, 'org.opencontainers.image.licenses': 'Apache-2.0' });
  });

  test.each(IMAGES.filter((name) => name !== 'demo'))('the image of %s is small and has no shell', async (name) => {
    const bytes = gzipSync(execFileSync(DOCKER, ['save', imageOf(name)], { env: engine.env, maxBuffer: 1024 * MIB }), { level: 1 }).length;
    figure(`image ${name}`, `${(bytes / 1e6).toFixed(1)} MB compressed`);
    expect(bytes).toBeLessThan(name === 'kumactl' ? KUMACTL_BYTES_MAX : IMAGE_BYTES_MAX);
    const { code } = await run(DOCKER, ['run', '--rm', '--entrypoint', 'sh', imageOf(name), '-c', 'true'], { env: engine.env });
    expect(code).toBe(127);
  });

  test('the commands of the images answer', async () => {
    expect(await engine.docker('run', '--rm', '--read-only', imageOf('kumactl'), 'version')).toMatch(/^Client: /m);
    expect(await engine.docker('run', '--rm', '--read-only', imageOf('kuma-dp'), 'version')).toMatch(/: \d/);
    expect(await engine.docker('run', '--rm', '--read-only', imageOf('kuma-cp'), 'version')).toMatch(/: \d/);
  });

  test('a service that is told to stop, as the first process of its container, does so at once and in order', async () => {
    await engine.docker('run', '--detach', '--name', 'alone', '--read-only', '--tmpfs', '/var/lib/mesh:uid=10001', imageOf('kuma-cp'));
    await lab.until('kuma-cp is well', async () => (await engine.inspect('alone')).State.Health.Status === 'healthy');
    await engine.docker('stop', '--time', '60', 'alone');
    expect((await engine.inspect('alone')).State).toMatchObject({ ExitCode: 0, OOMKilled: false });
    await engine.docker('rm', 'alone');
  });

  test('docker-compose up leads to an answer from the other zone, by name, over mutual TLS', async () => {
    const startedAt = performance.now();
    await engine.compose('up', '--detach', '--no-build');
    const answer = await lab.answer();
    figure('docker-compose up to the first answer from the other zone', `${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    expect(answer).toMatchObject({ name: 'billing', zone: 'zone-2' });
    expect(answer.headers['x-forwarded-client-cert']).toContain('URI=spiffe://default/web');
  });

  test('every container with a health check becomes well', async () => {
    await lab.until('nothing is unwell', async () => !/starting|unhealthy/.test(await lab.status()));
    const used = await engine.docker('stats', '--no-stream', '--format', '{{.Name}} {{.MemUsage}}');
    figure('memory of the lab', `${memoryMib(used).toFixed(0)} MiB in ${used.trim().split('\n').length} containers`);
  });

  test('the API is published, and takes no write without a token', async () => {
    const meshes = await fetch('http://127.0.0.1:5681/meshes');
    expect((await meshes.json()).items.map(({ name }) => name)).toEqual(['default']);
    const body = JSON.stringify({ type: 'Mesh', name: 'other' });
    const headers = { 'content-type': 'application/json' };
    const refused = await fetch('http://127.0.0.1:5681/meshes/other', { method: 'PUT', headers, body });
    expect(refused.status).toBe(403);
  });

  test('zones are apart: their applications and control planes cannot be reached from the other one', async () => {
    const reach = (url) =>
      run(DOCKER, ['exec', 'mesh_web_1', 'curl', '-s', '--max-time', '3', '-o', '/dev/null', url], { env: engine.env });
    const addressOf = async (container) => Object.values((await engine.inspect(container)).NetworkSettings.Networks)[0].IPAddress;
    for (const [container, port] of [
      ['mesh_billing-pod_1', 8080],
      ['mesh_zone-2-cp_1', 5680],
      ['mesh_zone-2-api_1', 5681],
    ]) {
      const url = `http://${await addressOf(container)}:${port}/`;
      expect([container, (await reach(url)).code]).not.toEqual([container, 0]);
    }
    expect((await reach('http://zone-1-cp:5680/')).code).toBe(0);
  });

  test.each(['global-postgres', 'global-cp', 'global-api', 'zone-1-postgres', 'zone-1-cp', 'zone-1-ingress-manager', 'zone-1-api'])(
    'requests go on while %s is killed, and it comes back',
    async (service) => {
      const pid = await lab.crash(service);
      for (let i = 0; i < 5; i++) expect(await lab.ask('http://billing.mesh/')).toMatchObject({ name: 'billing' });
      await lab.recovered(service, pid);
    },
  );

  test.each(['zone-1-dns', 'web-sidecar', 'zone-1-egress', 'zone-2-ingress', 'billing-sidecar', 'billing'])(
    'requests are answered again after %s, which they need, was killed',
    async (service) => {
      const pid = await lab.crash(service);
      await lab.recovered(service, pid);
      expect(await lab.answer()).toMatchObject({ name: 'billing' });
    },
  );

  test('a second instance of a control plane joins, and requests go on without the first', async () => {
    await engine.compose('up', '--detach', '--no-build', '--no-recreate', '--scale', 'zone-1-cp=2', 'zone-1-cp');
    await lab.until('two instances are well', async () => {
      const ids = await lab.containers('zone-1-cp');
      const states = await Promise.all(ids.map(async (id) => (await engine.inspect(id)).State.Health?.Status));
      return states.length === 2 && states.every((status) => status === 'healthy');
    });
    await engine.docker('stop', '--time', '20', 'mesh_zone-1-cp_1');
    expect(await lab.answer()).toMatchObject({ name: 'billing' });
    await engine.docker('start', 'mesh_zone-1-cp_1');
  });

  describe('what bad input gets', () => {
    const attempt = async (...args) => {
      const { code, output } = await run(DOCKER, ['run', '--rm', ...args], { env: engine.env });
      return { code, output };
    };
    const zone = (...more) => {
      const env = {
        MODE: 'zone',
        MULTIZONE_ZONE_NAME: 'zone-2',
        STORE_TYPE: 'postgres',
        STORE_POSTGRES_HOST: 'zone-2-postgres',
        STORE_POSTGRES_PORT: '5432',
        STORE_POSTGRES_USER: 'mesh',
        STORE_POSTGRES_DB_NAME: 'mesh',
        STORE_POSTGRES_AUTO_MIGRATE: 'true',
      };
      const flags = Object.entries(env).flatMap(([name, value]) => ['--env', `KUMA_${name}=${value}`]);
      return attempt('--network', 'mesh_zone-2', '--tmpfs', '/var/lib/mesh:uid=10001', ...flags, ...more, imageOf('zone-cp'));
    };

    test('a missing secret: its variable, its path and what to do', async () => {
      const { code, output } = await zone('--env', 'KUMA_STORE_POSTGRES_PASSWORD_FILE=/run/mesh/postgres-password');
      expect(code).toBe(1);
      expect(output).toContain('KUMA_STORE_POSTGRES_PASSWORD_FILE: the secret cannot be read: ENOENT');
      expect(output).toContain('put it there, or mount what holds it');
    });

    test('a wrong password: who was refused, and where to look', async () => {
      const { code, output } = await zone('--env', 'KUMA_STORE_POSTGRES_PASSWORD=wrong');
      expect(code).toBe(1);
      expect(output).toContain('the database refuses us: password authentication failed for user "mesh"');
      expect(output).toContain('check store.postgres (KUMA_STORE_POSTGRES_*)');
    });

    test('too little memory: how much there is, how much is needed', async () => {
      const { code, output } = await zone('--memory', '64m');
      expect(code).toBe(1);
      expect(output).toContain('the limit of memory is 64 MiB, and a service needs 96 MiB or more');
      expect(output).toContain('mem_limit');
    });

    test('a port in use: which', async () => {
      const { code, output } = await attempt('--publish', '127.0.0.1:5681:5681', imageOf('kumactl'), 'version');
      expect(code).toBe(125);
      expect(output).toMatch(/5681.*(already allocated|in use)/);
    });

    test('a volume with the schema of a newer build: both versions, and what to do', async () => {
      const sql = 'UPDATE store_meta SET schema_version = 999';
      await engine.docker('exec', 'mesh_zone-2-postgres_1', 'psql', '-q', '-U', 'mesh', '-d', 'mesh', '-c', sql);
      const { code, output } = await zone(
        '--volume',
        'mesh_secrets-zone-2:/run/mesh:ro',
        '--env',
        'KUMA_STORE_POSTGRES_PASSWORD_FILE=/run/mesh/postgres-password',
      );
      expect(code).toBe(1);
      expect(output).toMatch(/the schema of database "mesh" is version 999, newer than \d+ of this build/);
      expect(output).toContain('use the newer build');
    });
  });

  test('profile full adds Redis, Prometheus that scrapes every service, and traffic', async () => {
    await engine.compose(...FULL, 'up', '--detach', '--no-build', '--no-recreate', 'redis', 'prometheus', 'traffic');
    await lab.until('requests of the traffic generator', async () =>
      / 200 /.test(` ${await engine.docker('logs', '--tail', '5', 'mesh_traffic_1')}`),
    );
    await lab.until('ten targets are up', async () => {
      const answer = await fetch('http://127.0.0.1:9090/api/v1/query?query=count(up==1)').then(
        (response) => response.json(),
        () => undefined,
      );
      return Number(answer?.data?.result[0]?.value[1] ?? 0) >= 10;
    });
  });

  test('docker-compose down -v leaves nothing', async () => {
    await engine.compose(...FULL, 'down', '--volumes');
    const filter = ['--quiet', '--filter', 'label=com.docker.compose.project=mesh'];
    expect(await engine.docker('ps', '--all', ...filter)).toBe('');
    expect(await engine.docker('volume', 'ls', ...filter)).toBe('');
    expect(await engine.docker('network', 'ls', ...filter)).toBe('');
  });
});

async function timed(what, work) {
  const startedAt = performance.now();
  await work();
  figure(what, `${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

function figure(what, value) {
  process.stdout.write(`  figure: ${what}: ${value}\n`);
}

/** Sum of the first figure of each line of `docker stats`. */
function memoryMib(stats) {
  const unit = { KiB: 1 / 1024, MiB: 1, GiB: 1024 };
  return [...stats.matchAll(/ ([\d.]+)([KMG]iB) \//g)].reduce((sum, [, value, name]) => sum + Number(value) * unit[name], 0);
}
