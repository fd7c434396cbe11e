import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZoneModule } from '@mesh/service-zone';
import { freePorts, Zone } from '@mesh/zone-kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../src/program.js';
import { Prometheus, prometheusVersion } from './prometheus.js';

const WITHIN = { timeout: 30_000, interval: 100 };
const MESH = { type: 'Mesh', name: 'default', metrics: { enabledBackend: 'p', backends: [{ name: 'p', type: 'prometheus' }] } };

const version = prometheusVersion();
if (!version)
  process.stderr.write('SKIPPED: no prometheus on this machine (Debian: apt-get install prometheus), nothing scrapes our targets\n');

/** Zone control plane, proxies that are a web server with metrics each, and a Prometheus. */
describe.skipIf(!version)(`a real Prometheus (${version})`, () => {
  const servers: Server[] = [];
  let zone: Zone;
  let monitoringPort = 0;
  let prometheus: Prometheus | undefined;

  beforeAll(async () => {
    [monitoringPort = 0] = await freePorts(1);
    zone = await Zone.start(ZoneModule, { KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: String(monitoringPort) });
    await zone.apply(MESH);
    await addProxy('web-1', 'web');
  }, 60_000);

  afterEach(async () => {
    await prometheus?.stop();
    prometheus = undefined;
  });

  afterAll(async () => {
    for (const server of servers) server.close();
    await zone?.stop();
  });

  /** A Dataplane whose metrics are served at 127.0.0.1. */
  async function addProxy(name: string, service: string): Promise<void> {
    const server = createServer((_, response) => void response.end(`proxy_requests{proxy="${name}"} 1\n`));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    const { port } = server.address() as AddressInfo;
    await zone.apply({
      type: 'Dataplane',
      mesh: 'default',
      name,
      networking: { address: '127.0.0.1', inbound: [{ port: 10_000 + servers.length, tags: { 'kuma.io/service': service } }] },
      metrics: { type: 'prometheus', conf: { port, path: '/metrics' } },
    });
  }

  const instances = async (): Promise<(string | undefined)[]> => {
    if (prometheus?.ending !== undefined) throw new Error(prometheus.ending);
    return (await prometheus?.up())?.map(({ instance }) => instance) ?? [];
  };

  it('scrapes what kuma-prometheus-sd writes, and what joins later', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mesh-file-sd-'));
    const file = join(directory, 'kuma.file_sd.json');
    const args = ['run', '--cp-address', `grpc://127.0.0.1:${monitoringPort}`, '--output-file', file, '--name', 'test'];
    const running = buildProgram().parseAsync(['--log-level', 'off', ...args], { from: 'user' });
    try {
      prometheus = await Prometheus.start({ file_sd_configs: [{ files: [file] }] });
      await expect.poll(instances, WITHIN).toEqual(['web-1']);
      expect((await prometheus.up())[0]).toMatchObject({ job: 'web', dataplane: 'web-1', mesh: 'default', kuma_io_service: 'web' });
      await addProxy('web-2', 'web');
      await expect.poll(instances, WITHIN).toEqual(['web-1', 'web-2']);
    } finally {
      process.emit('SIGTERM', 'SIGTERM');
      await running;
      rmSync(directory, { recursive: true });
    }
  }, 90_000);

  it('finds the proxies by itself with kuma_sd_configs', async ({ skip }) => {
    prometheus = await Prometheus.start({
      kuma_sd_configs: [{ server: `http://127.0.0.1:${monitoringPort}`, refresh_interval: '200ms' }],
      relabel_configs: [
        { source_labels: ['__meta_kuma_dataplane'], target_label: 'instance' },
        { source_labels: ['__meta_kuma_service'], target_label: 'job' },
        { source_labels: ['__meta_kuma_mesh'], target_label: 'mesh' },
        { action: 'labelmap', regex: '__meta_kuma_label_(.+)' },
      ],
    });
    const found = async () => (prometheus?.ending?.includes('kuma_sd_configs not found') ? 'unknown' : (await instances())[0]);
    const result = await expect
      .poll(() => found().catch(() => undefined), WITHIN)
      .toMatch(/unknown|web-1/)
      .then(found);
    if (result === 'unknown') {
      process.stderr.write(
        'SKIPPED: this Prometheus was built without kuma_sd_configs (Debian leaves it out); PROMETHEUS_PATH names another\n',
      );
      skip();
    }
    expect((await prometheus.up())[0]).toMatchObject({ job: 'web', instance: 'web-1', mesh: 'default', kuma_io_service: 'web' });
    await addProxy('api-1', 'api');
    await expect.poll(instances, WITHIN).toContain('api-1');
  }, 90_000);
});
