import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, getCiphers } from 'node:tls';
import { silentLogger } from '@mesh/core';
import { describe, expect, it } from 'vitest';
import { ensureCertificates } from './certificates/index.js';
import { loadConfig } from './config/index.js';
import { CIPHER_SUITES } from './config/sections/tls.js';
import { startDiagnostics } from './diagnostics.js';
import { Health } from './health.js';
import { Metrics } from './metrics.js';

describe('startDiagnostics', () => {
  it('serves TLS with the versions and ciphers of the configuration', async () => {
    const workDir = mkdtempSync(join(tmpdir(), 'mesh-diagnostics-'));
    const { config } = loadConfig({
      env: {
        KUMA_GENERAL_WORK_DIR: workDir,
        KUMA_DIAGNOSTICS_SERVER_PORT: '0',
        KUMA_DIAGNOSTICS_TLS_ENABLED: 'true',
        KUMA_GENERAL_TLS_MAX_VERSION: 'TLSv1_2',
        KUMA_GENERAL_TLS_CIPHER_SUITES: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
      },
    });
    await ensureCertificates(config);
    const server = await startDiagnostics({
      config: config.diagnostics,
      metrics: new Metrics('z'),
      health: new Health(),
      log: silentLogger,
    });
    const ca = readFileSync(join(workDir, 'kuma-cp.crt'));
    const negotiated = await new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: server.port, servername: 'localhost', ca }, () => {
        resolve([socket.getProtocol(), socket.getCipher().name]);
        socket.destroy();
      });
      socket.once('error', reject);
    });
    expect(negotiated).toEqual(['TLSv1.2', 'ECDHE-RSA-AES256-GCM-SHA384']);
    await server.close();
    rmSync(workDir, { recursive: true });
  });

  it('says which variable moves it where its port is taken', async () => {
    const { config } = loadConfig({ env: { KUMA_DIAGNOSTICS_SERVER_PORT: '0' } });
    const options = { metrics: new Metrics('z'), health: new Health(), log: silentLogger };
    const first = await startDiagnostics({ ...options, config: config.diagnostics });
    const second = startDiagnostics({ ...options, config: { ...config.diagnostics, serverPort: first.port } });
    await expect(second).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('KUMA_DIAGNOSTICS_SERVER_PORT') });
    await first.close();
  });

  it('knows every cipher suite by a name of OpenSSL', () => {
    expect(Object.values(CIPHER_SUITES).filter((name) => !getCiphers().includes(name.toLowerCase()))).toEqual([]);
  });
});

describe('Health', () => {
  it('takes a check that throws for failed and names it', async () => {
    const health = new Health();
    health.register('fine', () => undefined);
    const broken = health.register('broken', () => Promise.reject(new Error('no answer')));
    expect(await health.report('ready')).toEqual({ ok: false, checks: { fine: 'ok', broken: 'no answer' } });
    expect((await health.report('healthy')).ok).toBe(true);
    broken.unregister();
    expect((await health.report('ready')).ok).toBe(true);
  });
});

describe('Metrics', () => {
  it('gives the same metric for the same name, and labels every series with the zone', async () => {
    const metrics = new Metrics('zone-1');
    const options = { name: 'pushes_total', help: 'Pushes.', labels: ['type'] };
    expect(metrics.counter(options)).toBe(metrics.counter(options));
    metrics.counter(options).inc({ type: 'cds' }, 2);
    expect(await metrics.text()).toContain('pushes_total{type="cds",zone="zone-1"} 2');
    expect(() => metrics.gauge(options)).toThrow('another type');
  });
});
