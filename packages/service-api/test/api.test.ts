import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get as httpsGet } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { silentLogger } from '@mesh/core';
import { globalSecretDraft, issueToken, newSigningKey, signingKeyName } from '@mesh/identity';
import { Health, internalCertificates, Metrics, type ServiceOptions } from '@mesh/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiRunner } from '../src/api-runner.js';
import { apiConfig } from './api-config.js';
import { StateOwner } from './state-owner.js';

const STRANGER = { 'x-forwarded-for': '203.0.113.9' };
const MESH = { type: 'Mesh', name: 'default' };

let workDir: string;
let owner: StateOwner;
let runner: ApiRunner | undefined;
let health: Health;
let metrics: Metrics;

beforeEach(async () => {
  workDir = mkdtempSync(join(tmpdir(), 'service-api-'));
  owner = await StateOwner.open();
});
afterEach(async () => {
  await runner?.stop();
  runner = undefined;
  await owner.store.close();
  rmSync(workDir, { recursive: true, force: true });
});

function options(env: Record<string, string> = {}): ServiceOptions {
  const config = apiConfig(workDir, {
    KUMA_API_SERVER_HTTPS_ENABLED: 'true',
    KUMA_API_SERVER_HTTPS_PORT: '0',
    KUMA_API_SERVER_HTTPS_INTERFACE: '127.0.0.1',
    ...env,
  });
  health = new Health();
  metrics = new Metrics('Global');
  return { config, log: silentLogger, metrics, health };
}

async function start(given: ServiceOptions): Promise<string> {
  runner = new ApiRunner(given);
  await runner.start();
  return `http://127.0.0.1:${runner.addresses.http?.port}`;
}

const put = (url: string, document: object, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'PUT', body: JSON.stringify(document), headers: { 'content-type': 'application/json', ...headers } });

/** Asks over HTTPS, as a stranger, who that is. */
function whoAmI(client: { cert?: Buffer; key?: Buffer }): Promise<string> {
  const port = runner?.addresses.https?.port;
  const ca = readFileSync(join(workDir, 'kuma-cp.crt'));
  return new Promise((resolve, reject) => {
    httpsGet({ host: 'localhost', port, path: '/who-am-i', headers: STRANGER, ca, agent: false, ...client }, (response) => {
      response.setEncoding('utf8').on('data', resolve).on('error', reject);
    }).on('error', reject);
  });
}

describe('the API beside its control plane', () => {
  it('serves HTTP, and HTTPS with the certificate of the work directory', async () => {
    const url = await start({ ...options(), controlPlane: owner });
    expect((await put(`${url}/meshes/default`, MESH)).status).toBe(201);
    const port = runner?.addresses.https?.port;
    const ca = readFileSync(join(workDir, 'kuma-cp.crt'));
    const status = await new Promise((resolve, reject) => {
      httpsGet({ host: 'localhost', port, path: '/meshes/default', ca, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    expect(status).toBe(200);
    expect(await health.report('ready')).toMatchObject({ ok: true });
    await expect
      .poll(() => metrics.text())
      .toMatch(/^api_server_http_request_duration_seconds_count\{.*handler="\/meshes\/\{name\}".*method="PUT".*\} 1$/m);
  });

  it('knows users by the tokens their control plane signed', async () => {
    const url = await start({ ...options(), controlPlane: owner });
    await owner.store.transact([{ op: 'create', draft: globalSecretDraft(signingKeyName({ type: 'user' }), await newSigningKey()) }], {
      author: { name: 'test' },
    });
    await expect.poll(() => owner.view.count('GlobalSecret')).toBe(1);
    const token = await issueToken(
      owner.view,
      { type: 'user', name: 'alice', groups: ['mesh-system:admin'], validForMs: 60_000 },
      Date.now(),
    );
    const headers = { ...STRANGER, authorization: `Bearer ${token}` };
    expect(await (await fetch(`${url}/who-am-i`, { headers })).json()).toEqual({
      name: 'alice',
      groups: ['mesh-system:admin', 'mesh-system:authenticated'],
    });
    expect((await put(`${url}/meshes/default`, MESH, headers)).status).toBe(201);
    expect((await put(`${url}/meshes/default`, MESH, STRANGER)).status).toBe(403);
    expect((await fetch(`${url}/who-am-i`, { headers: { ...headers, authorization: `Bearer ${token}x` } })).status).toBe(401);
  });

  it('takes callers with a certificate it trusts as admins where that is asked for', async () => {
    const { config } = options();
    const { cert, key } = await internalCertificates(config);
    const env = { KUMA_API_SERVER_AUTHN_TYPE: 'adminClientCerts', KUMA_API_SERVER_HTTPS_TLS_CA_FILE: config.internal.tls.caFile };
    await start({ ...options(env), controlPlane: owner });
    expect(await whoAmI({ cert, key })).toContain('mesh-system:admin');
    expect(await whoAmI({})).toContain('mesh-system:anonymous');
  });

  it('closes the door to callers without a certificate where one is required', async () => {
    const env = {
      KUMA_API_SERVER_HTTPS_REQUIRE_CLIENT_CERT: 'true',
      KUMA_API_SERVER_HTTPS_TLS_CA_FILE: options().config.internal.tls.caFile,
    };
    await internalCertificates(options().config);
    await start({ ...options(env), controlPlane: owner });
    await expect(whoAmI({})).rejects.toThrow();
  });

  it('speaks TLS of the versions and with the ciphers of the configuration', async () => {
    const env = { KUMA_GENERAL_TLS_MAX_VERSION: 'TLSv1_2', KUMA_GENERAL_TLS_CIPHER_SUITES: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384' };
    await start({ ...options(env), controlPlane: owner });
    const port = runner?.addresses.https?.port ?? 0;
    const ca = readFileSync(join(workDir, 'kuma-cp.crt'));
    const negotiated = await new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca }, () => {
        resolve([socket.getProtocol(), socket.getCipher().name]);
        socket.destroy();
      });
      socket.on('error', reject);
    });
    expect(negotiated).toEqual(['TLSv1.2', 'ECDHE-RSA-AES256-GCM-SHA384']);
  });

  it('serves the kinds that the configuration leaves on, and no others', async () => {
    const enabled = await start({ ...options(), controlPlane: owner });
    await put(`${enabled}/meshes/default`, MESH);
    const statuses = async (url: string) =>
      Promise.all(
        ['meshtimeouts', 'meshretries', 'meshservices', 'dataplanes'].map(async (path) => (await fetch(`${url}/${path}`)).status),
      );
    expect(await statuses(enabled)).toEqual([200, 200, 200, 200]);
    await runner?.stop();
    const env = { KUMA_PLUGIN_POLICIES_ENABLED: 'meshtimeouts', KUMA_CORE_RESOURCES_ENABLED: 'workloads' };
    const url = await start({ ...options(env), controlPlane: owner });
    expect(await statuses(url)).toEqual([200, 404, 404, 200]);
    const { resources } = (await (await fetch(`${url}/_resources`)).json()) as { resources: { path: string }[] };
    expect(resources.map(({ path }) => path)).not.toContain('meshretries');
  });

  it('does not start with a key that is none', async () => {
    const { config } = options();
    const validator = { useSecrets: true, publicKeys: [{ kid: '1', key: 'nonsense' }] };
    const apiServer = {
      ...config.apiServer,
      authn: { ...config.apiServer.authn, tokens: { ...config.apiServer.authn.tokens, validator } },
    };
    await expect(start({ ...options(), config: { ...config, apiServer }, controlPlane: owner })).rejects.toThrow('key "1" cannot be read');
  });
});

describe('the API in a process of its own', () => {
  it('answers 503 and is not ready until it has heard of its control plane', async () => {
    const url = await start(options({ KUMA_INTERNAL_CONTROL_PLANE_ADDRESS: '127.0.0.1:1' }));
    const answer = await fetch(`${url}/meshes`);
    expect(answer.status).toBe(503);
    expect(await health.report('ready')).toMatchObject({ ok: false, checks: { api: 'nothing heard from the control plane yet' } });
  });

  it('reads its own writes, and goes on reading while the control plane is away', async () => {
    const served = await owner.serve(options().config);
    const url = await start(options({ KUMA_INTERNAL_CONTROL_PLANE_ADDRESS: `127.0.0.1:${served.port}` }));
    await expect.poll(async () => (await fetch(`${url}/meshes`)).status).toBe(200);
    expect((await put(`${url}/meshes/default`, MESH)).status).toBe(201);
    expect((await fetch(`${url}/meshes/default`)).status).toBe(200);

    served.stop();
    await expect.poll(async () => (await put(`${url}/meshes/other`, { ...MESH, name: 'other' })).status).toBe(503);
    const refused = await put(`${url}/meshes/other`, { ...MESH, name: 'other' });
    expect(await refused.json()).toMatchObject({ status: 503, title: 'Service unavailable' });
    expect((await fetch(`${url}/meshes/default`)).status).toBe(200);

    const again = await owner.serve(options().config, served.port);
    await expect
      .poll(async () => (await put(`${url}/meshes/other`, { ...MESH, name: 'other' })).status, { timeout: 20_000 })
      .toBeLessThan(300);
    expect((await fetch(`${url}/meshes/other`)).status).toBe(200);
    await runner?.stop();
    runner = undefined;
    again.stop();
  });
});
