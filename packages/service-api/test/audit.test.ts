import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditRecord, silentLogger } from '@mesh/core';
import { globalSecretDraft } from '@mesh/identity';
import { Health, loadConfig, Metrics } from '@mesh/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiRunner } from '../src/api-runner.js';
import { apiConfig } from './api-config.js';
import { StateOwner } from './state-owner.js';

const STRANGER = { 'x-forwarded-for': '203.0.113.9' };

let workDir: string;
let owner: StateOwner;
let served: { readonly port: number; stop(): void };
let runner: ApiRunner;
let metrics: Metrics;
let url: string;

beforeEach(async () => {
  workDir = mkdtempSync(join(tmpdir(), 'service-api-'));
  owner = await StateOwner.open();
  await owner.store.transact([{ op: 'create', draft: globalSecretDraft('s', 'x') }], { author: { name: 'test' } });
  const config = apiConfig(workDir);
  served = await owner.serve(config);
  const internal = { ...config.internal, controlPlaneAddress: `127.0.0.1:${served.port}` };
  metrics = new Metrics('Global');
  runner = new ApiRunner({ config: { ...config, internal }, log: silentLogger, metrics, health: new Health() });
  await runner.start();
  url = `http://127.0.0.1:${runner.addresses.http?.port}`;
  await expect.poll(async () => (await fetch(`${url}/global-secrets/s`, { headers: STRANGER })).status).toBe(403);
});
afterEach(async () => {
  await runner.stop();
  served.stop();
  await owner.store.close();
  rmSync(workDir, { recursive: true, force: true });
});

const put = (path: string, document: object, headers: Record<string, string> = {}) =>
  fetch(`${url}${path}`, { method: 'PUT', body: JSON.stringify(document), headers: { 'content-type': 'application/json', ...headers } });

async function audit(query = ''): Promise<AuditRecord[]> {
  const answer = await fetch(`${url}/audit?${query}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { items: AuditRecord[] }).items;
}

const mesh = (name: string) => ({ type: 'Mesh', name });

describe('the audit of an API in a process of its own', () => {
  it('has every write, accepted or refused, and every read of a secret, and an admin reads it', async () => {
    const accepted = await put('/meshes/m1', mesh('m1'));
    await put('/meshes/m1', mesh('m1'), { 'if-match': '"99"' });
    await put('/meshes/m1', mesh('other'));
    await put('/meshes/m2', mesh('m2'), STRANGER);
    await fetch(`${url}/global-secrets/s`);
    await fetch(`${url}/meshes/m1`, { method: 'DELETE' });
    const expected = [
      { method: 'DELETE', kind: 'Mesh', name: 'm1', outcome: 'done', revision: expect.any(Number) },
      { method: 'GET', kind: 'GlobalSecret', name: 's', who: 'mesh-system:admin', by: 'localhost', outcome: 'done' },
      { method: 'PUT', name: 'm2', by: 'none', status: 403, outcome: 'forbidden' },
      { method: 'PUT', name: 'm1', status: 400, outcome: 'refused' },
      { method: 'PUT', name: 'm1', status: 409, outcome: 'refused' },
      { method: 'PUT', name: 'm1', status: 201, outcome: 'done', revision: Number(accepted.headers.get('kuma-revision')) },
    ];
    // Records of what changed nothing come a moment after the answer: their place among the others is not theirs by right.
    for (const each of expected) await expect.poll(() => audit('since=1h')).toContainEqual(expect.objectContaining(each));
    expect(await audit('outcome=done&kind=Mesh')).toHaveLength(2);
    expect((await fetch(`${url}/audit`, { headers: STRANGER })).status).toBe(403);
  });

  it('has what was asked while the control plane was away', async () => {
    served.stop();
    await expect.poll(async () => (await put('/meshes/m3', mesh('m3'))).status).toBe(503);
    await fetch(`${url}/global-secrets/s`);
    served = await owner.serve(loadConfig({ env: { KUMA_GENERAL_WORK_DIR: workDir } }).config, served.port);
    const records = () => owner.store.audit.read({ limit: 100, outcome: 'done', kind: 'GlobalSecret' });
    await expect.poll(records, { timeout: 20_000 }).toMatchObject([{ method: 'GET', name: 's', who: 'mesh-system:admin' }]);
    expect(await owner.store.audit.read({ limit: 1, outcome: 'failed' })).toMatchObject([{ name: 'm3', status: 503 }]);
  });

  it('drops what floods of strangers leave beyond its bound, and counts it', async () => {
    await Promise.all(Array.from({ length: 300 }, () => put('/meshes/m2', mesh('m2'), STRANGER)));
    await expect.poll(() => metrics.text()).toMatch(/^api_server_audit_records_dropped_total\{.*reason="flood".*\} \d+$/m);
    expect((await owner.store.audit.read({ limit: 1_000 })).length).toBeLessThan(300);
  });
});
