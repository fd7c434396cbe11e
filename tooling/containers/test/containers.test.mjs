import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from '../../provision/lib/exec.mjs';
import { root } from '../../provision/lib/paths.mjs';
import { sharedEngine } from '../lib/engine.mjs';
import { IMAGES, imageOf, Lab } from '../lib/lab.mjs';
import { figure, memoryMib } from '../lib/report.mjs';
import { DOCKER } from '../lib/requirements.mjs';

const { MESH_NO_ENGINE: noEngine } = process.env;
const MIB = 1024 * 1024;
/** Compressed, as a registry keeps it. */
const IMAGE_BYTES_MAX = 120 * MIB;
const KUMACTL_BYTES_MAX = 60 * MIB;
const FULL = ['--profile', 'full'];
/** Settings of a second lab beside the first, whose port it takes. */
const OTHER_LAB = { COMPOSE_PROJECT_NAME: 'other', MESH_NET: '10.232' };

describe.skipIf(noEngine)('on a container engine', () => {
  const engine = sharedEngine();
  const lab = new Lab(engine);

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

  test('a service that is told to stop, as the first process of its container, does so in order', async () => {
    await engine.docker('run', '--detach', '--name', 'alone', '--read-only', '--tmpfs', '/var/lib/mesh:uid=10001', imageOf('kuma-cp'));
    await lab.until('kuma-cp is well', () => lab.isWell('alone'));
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

  test('no process of ours is root, gains a right or can write to its image', async () => {
    const names = (await engine.docker('ps', '--format', '{{.Names}}')).trim().split('\n');
    for (const name of names.filter((each) => !/postgres|secrets|mesh_mesh/.test(each))) {
      const { HostConfig, State } = await engine.inspect(name);
      expect([name, HostConfig.ReadonlyRootfs, HostConfig.CapDrop]).toEqual([name, true, ['ALL']]);
      const status = readFileSync(`/proc/${State.Pid}/status`, 'utf8');
      expect([name, /^Uid:\s+(\d+)/m.exec(status)?.[1], /^CapEff:\s+(\w+)/m.exec(status)?.[1]]).toEqual([name, '10001', '0'.repeat(16)]);
    }
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

  describe('profile full', () => {
    const SCALED = ['global-cp', 'zone-1-cp', 'zone-1-api', 'zone-1-ingress-manager'];

    test('adds Redis, Prometheus that scrapes every service, traffic, and two instances of what is scaled', async () => {
      const scale = SCALED.flatMap((service) => ['--scale', `${service}=2`]);
      await engine.compose(...FULL, 'up', '--detach', '--no-build', '--no-recreate', ...scale);
      // Each publishes a port of its own.
      const ports = { MESH_API_PORT: '5681-5682' };
      const { code, output } = await engine.tryCompose(
        ['up', '--detach', '--no-build', '--no-deps', '--scale', 'global-api=2', 'global-api'],
        ports,
      );
      expect([code, output]).toEqual([0, output]);
      for (const service of [...SCALED, 'global-api']) await lab.instances(service, 2);
      await lab.until('requests of the traffic generator', async () =>
        / 200 /.test(` ${await engine.docker('logs', '--tail', '5', 'mesh_traffic_1')}`),
      );
      await lab.until('every service is scraped', async () => (await lab.measured('count(up == 1)')) === 17);
    });

    test('control planes of two instances know of each other over the Redis beside them', async () => {
      await lab.until('all five are connected', async () => (await lab.measured('count(bus_connected == 1)')) === 5);
      await lab.until('those of the global and of zone-1 know each other', async () => (await lab.measured('count(bus_peers == 1)')) === 4);
    });

    test.each(['global-cp', 'global-api', 'zone-1-cp', 'zone-1-api', 'zone-1-ingress-manager'])(
      'requests and changes go on while one of two instances of %s is gone',
      async (service) => {
        await engine.docker('kill', `mesh_${service}_1`);
        for (let i = 0; i < 5; i++) expect(await lab.ask('http://billing.mesh/')).toMatchObject({ name: 'billing' });
        await changeArrives(`without-${service}`);
        await engine.docker('start', `mesh_${service}_1`);
        await lab.instances(service, 2);
      },
    );

    test('names are found while one of two resolvers of a zone is gone', async () => {
      await engine.docker('kill', 'mesh_zone-1-dns_1');
      expect(await lab.answer()).toMatchObject({ name: 'billing' });
      await engine.docker('start', 'mesh_zone-1-dns_1');
    });

    /** A policy written at the global is seen at zone-1, whichever instances answer. */
    async function changeArrives(name) {
      const headers = { authorization: `Bearer ${await lab.adminSecret('token')}`, 'content-type': 'application/json' };
      const to = [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: '7s' } }];
      const body = JSON.stringify({ type: 'MeshTimeout', mesh: 'default', name, spec: { targetRef: { kind: 'Mesh' }, to } });
      await lab.until(`${name} is written`, async () => {
        const writes = [5681, 5682].map((port) =>
          fetch(`http://127.0.0.1:${port}/meshes/default/meshtimeouts/${name}`, { method: 'PUT', headers, body }),
        );
        return (await Promise.any(writes).catch(() => undefined))?.ok;
      });
      await lab.until(`${name} arrives`, async () => {
        const { items = [] } = (await lab.ask('http://zone-1-api:5681/meshes/default/meshtimeouts')) ?? {};
        return items.some((item) => item.name.startsWith(name));
      });
    }
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
      const { code, output } = await engine.tryCompose(['up', '--detach', '--no-build', '--no-deps', 'global-api'], OTHER_LAB);
      expect(code).toBe(1);
      expect(output).toMatch(/5681.*(already allocated|in use)/);
      await engine.tryCompose(['down', '--volumes'], OTHER_LAB);
    });

    describe('in the lab, a container that fails goes on saying what to do, and those that need it wait', () => {
      const other = new Lab(engine, OTHER_LAB.COMPOSE_PROJECT_NAME);
      const compose = (...args) => engine.tryCompose(args, OTHER_LAB);
      const sql = (statement) =>
        engine.docker('exec', 'other_zone-1-postgres_1', 'psql', '-q', '-U', 'mesh', '-d', 'mesh', '-c', statement);
      const CAUSES = [
        {
          cause: 'too little memory',
          settings: { MESH_SERVICE_MEMORY: '64m' },
          says: /the limit of memory is 64 MiB, and a service needs/g,
        },
        {
          cause: 'a volume with the schema of a newer build',
          harm: () => sql('UPDATE store_meta SET schema_version = schema_version + 900'),
          mend: () => sql('UPDATE store_meta SET schema_version = schema_version - 900'),
          says: /the schema of database "mesh" is version 9\d\d, newer than \d+ of this build/g,
        },
        {
          cause: 'a secret that is missing',
          harm: () => inSecrets('renameSync("tls.key", "away")'),
          mend: () => inSecrets('renameSync("away", "tls.key")'),
          says: /cannot read the certificate file \/run\/mesh\/tls\.key: .*put it there, or mount what holds it/g,
        },
        {
          cause: 'a wrong password',
          harm: () => sql("ALTER USER mesh PASSWORD 'another'"),
          says: /the database refuses us: password authentication failed for user "mesh"/g,
        },
      ];

      test('one that starts with nothing wrong, to be harmed', async () => {
        const { code, output } = await compose('up', '--detach', '--no-build', 'zone-1-cp');
        expect([code, output]).toEqual([0, output]);
        await other.until('zone-1-cp of the other lab is well', async () => other.isWell(await other.container('zone-1-cp')));
      });

      test.each(CAUSES)('$cause', async ({ settings = {}, harm, mend, says }) => {
        await compose('rm', '--stop', '--force', 'zone-1-cp');
        await harm?.();
        const up = spawn('docker-compose', ['up', '--detach', '--no-build', 'zone-1-api'], {
          cwd: root,
          env: { ...engine.env, ...OTHER_LAB, ...settings },
          stdio: 'ignore',
        });
        // Some releases of compose give up after a while instead of waiting themselves.
        const ended = once(up, 'exit');
        try {
          await other.until('zone-1-cp says again what it lacks', async () => {
            const { output } = await compose('logs', 'zone-1-cp');
            return (output.match(says)?.length ?? 0) > 1;
          });
          expect(up.exitCode).not.toBe(0);
          expect(await other.containers('zone-1-api')).toEqual([]);
        } finally {
          up.kill('SIGKILL');
          await ended;
          await mend?.();
        }
      });

      afterAll(() => compose('down', '--volumes'));

      function inSecrets(statement) {
        const script = `process.chdir("/secrets"); require("node:fs").${statement}`;
        return engine.docker('run', '--rm', '--volume', 'other_secrets-zone-1:/secrets', imageOf('lab-setup'), '-e', script);
      }
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

  test.each(['global-cp', 'global-api', 'zone-1-cp', 'zone-1-dns', 'zone-1-ingress-manager', 'web-sidecar', 'zone-1-ingress', 'web'])(
    '%s ends in order where it is told to stop',
    async (service) => {
      const container = await lab.container(service);
      await engine.docker('stop', '--time', '60', container);
      expect((await engine.inspect(container)).State).toMatchObject({ ExitCode: 0, OOMKilled: false });
    },
  );

  test('docker-compose down -v leaves nothing', async () => {
    await engine.compose(...FULL, 'down', '--volumes');
    expect(await engine.docker('ps', '--all', '--quiet', '--filter', 'label=com.docker.compose.project=mesh')).toBe('');
    // Of the lab or not: nobody else makes any on this engine.
    expect(await engine.docker('volume', 'ls', '--quiet')).toBe('');
    expect((await engine.docker('network', 'ls', '--format', '{{.Name}}')).trim().split('\n').sort()).toEqual(['bridge', 'host', 'none']);
  });
});
