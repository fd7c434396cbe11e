import { createHmac, createPrivateKey, createSign, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mutation, silentLogger } from '@mesh/core';
import { globalSecretDraft, issueToken, newSigningKey, rsaPublicKeyPem, signToken } from '@mesh/identity';
import { Health, Metrics } from '@mesh/runtime';
import { claimsOf } from '@mesh/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiRunner } from '../src/api-runner.js';
import { apiConfig } from './api-config.js';
import { StateOwner } from './state-owner.js';

const STRANGER = { 'x-forwarded-for': '203.0.113.9' };
const AUTHOR = { name: 'test' };
const KEY = 'user-token-signing-key-1';
let pem: string;
let otherPem: string;
let owner: StateOwner;
let runner: ApiRunner | undefined;
const workDir = mkdtempSync(join(tmpdir(), 'user-tokens-'));

beforeAll(async () => {
  [pem, otherPem] = await Promise.all([newSigningKey(), newSigningKey()]);
});
beforeEach(async () => {
  owner = await StateOwner.open();
  await store(KEY, pem);
});
afterEach(async () => {
  await runner?.stop();
  runner = undefined;
  await owner.store.close();
});
afterAll(() => rmSync(workDir, { recursive: true, force: true }));

/** Writes, and waits until whoever reads the view knows. */
async function write(mutation: Mutation): Promise<void> {
  const { revision } = await owner.store.transact([mutation], { author: AUTHOR });
  await owner.view.waitFor(revision);
}

const store = (name: string, content: string) => write({ op: 'upsert', draft: globalSecretDraft(name, content) });

const remove = (name: string) => write({ op: 'delete', key: { kind: 'GlobalSecret', mesh: '', name } });

async function start(env: Record<string, string> = {}): Promise<string> {
  const config = apiConfig(workDir, env);
  runner = new ApiRunner({ config, log: silentLogger, metrics: new Metrics('Global'), health: new Health(), controlPlane: owner });
  await runner.start();
  return `http://127.0.0.1:${runner.addresses.http?.port}`;
}

const ask = (url: string, token: string) => fetch(`${url}/who-am-i`, { headers: { ...STRANGER, authorization: `Bearer ${token}` } });
const issue = () => issueToken(owner.view, { type: 'user', name: 'alice', groups: ['team'], validForMs: 60_000 }, Date.now());

const seconds = () => Math.floor(Date.now() / 1000);
const claims = () => ({ Name: 'mallory', Groups: ['mesh-system:admin'], exp: seconds() + 60, nbf: seconds() - 5, jti: 'id' });
const base64 = (part: unknown) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

/** A JWT made by hand: header and payload are whatever one likes. */
function jwt(header: unknown, payload: unknown, key: KeyObject | string = createPrivateKey(pem)): string {
  const input = `${base64(header)}.${base64(payload)}`;
  const signature =
    typeof key === 'string' ? createHmac('sha256', key).update(input).digest() : createSign('sha256').update(input).sign(key);
  return `${input}.${signature.toString('base64url')}`;
}

const good = { alg: 'RS256', kid: '1', typ: 'JWT' };

describe('a token of an API user', () => {
  const attacks: readonly (readonly [string, () => string])[] = [
    ['without algorithm', () => `${base64({ ...good, alg: 'none' })}.${base64(claims())}.`],
    ['with an HMAC of the public key', () => jwt({ ...good, alg: 'HS256' }, claims(), rsaPublicKeyPem(createPrivateKey(pem)))],
    ['with an algorithm nobody asked for', () => jwt({ ...good, alg: 'RS512' }, claims())],
    ['with an algorithm that is a number', () => jwt({ ...good, alg: 1 }, claims())],
    ['with a kid that is a number', () => jwt({ ...good, kid: 1 }, claims())],
    ['with a kid that is a list', () => jwt({ ...good, kid: ['1'] }, claims())],
    ['without kid', () => jwt({ alg: 'RS256' }, claims())],
    ['with a kid that is a path', () => jwt({ ...good, kid: '../../etc/passwd' }, claims())],
    ['with a kid nobody has', () => jwt({ ...good, kid: '999' }, claims())],
    ['of another issuer with the same kid', () => jwt(good, claims(), createPrivateKey(otherPem))],
    ['without expiration', () => jwt(good, { ...claims(), exp: undefined })],
    ['without ID', () => jwt(good, { ...claims(), jti: undefined })],
    ['without name', () => jwt(good, { ...claims(), Name: undefined })],
    ['that is expired', () => jwt(good, { ...claims(), exp: seconds() - 1 })],
    ['that is not valid yet', () => jwt(good, { ...claims(), nbf: seconds() + 60 })],
    ['with groups that are no list', () => jwt(good, { ...claims(), Groups: 'mesh-system:admin' })],
    ['with an expiration that is text', () => jwt(good, { ...claims(), exp: 'never' })],
    ['with a payload that is a list', () => jwt(good, [])],
    ['with a payload that is no JSON', () => jwt(good, '{')],
    ['with a critical extension', () => jwt({ ...good, crit: ['x'], x: 1 }, claims())],
    ['in the name of the control plane', () => jwt(good, { ...claims(), Name: 'mesh-system:control-plane' })],
    ['of one character', () => '.'],
    ['of sixteen thousand characters', () => 'a'.repeat(15_000)],
  ];

  it.each(attacks)('%s is refused, and the next request is answered', async (_, make) => {
    const url = await start();
    const answer = await ask(url, make());
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ title: 'Invalid authentication data', detail: 'Unauthenticated' });
    expect(await (await ask(url, await issue())).json()).toMatchObject({ name: 'alice' });
  });

  it('is refused from the next request on once its ID is in user-token-revocations', async () => {
    const url = await start();
    const [token, other] = [await issue(), await issue()];
    expect((await ask(url, token)).status).toBe(200);
    await store('user-token-revocations', `x,${claimsOf(token).jti}`);
    expect([(await ask(url, token)).status, (await ask(url, other)).status]).toEqual([401, 200]);
  });

  it('outlives the rotation of keys until the old key is removed', async () => {
    const url = await start();
    const old = await issue();
    await store('user-token-signing-key-2', otherPem);
    const fresh = await issue();
    expect([(await ask(url, old)).status, (await ask(url, fresh)).status]).toEqual([200, 200]);
    await remove(KEY);
    expect([(await ask(url, old)).status, (await ask(url, fresh)).status]).toEqual([401, 200]);
  });
});

describe('a token signed elsewhere', () => {
  const offline = () =>
    signToken(
      { type: 'user', name: 'ci', groups: ['team'], validForMs: 60_000 },
      { key: createPrivateKey(otherPem), kid: 'ci-1', now: Date.now() },
    );
  const VALIDATOR = 'KUMA_API_SERVER_AUTHN_TOKENS_VALIDATOR';

  it('is good where its public key is configured, in place or in a file', async () => {
    const file = join(workDir, 'ci.pem');
    writeFileSync(file, rsaPublicKeyPem(createPrivateKey(otherPem)));
    for (const key of [{ key: rsaPublicKeyPem(createPrivateKey(otherPem)) }, { keyFile: file }]) {
      const url = await start({ [`${VALIDATOR}_PUBLIC_KEYS`]: JSON.stringify([{ kid: 'ci-1', ...key }]) });
      expect(await (await ask(url, await offline())).json()).toMatchObject({ name: 'ci' });
      expect((await ask(url, await issue())).status).toBe(200);
      await runner?.stop();
    }
  });

  it('is the only good one where the secrets do not count', async () => {
    const publicKeys = JSON.stringify([{ kid: 'ci-1', key: rsaPublicKeyPem(createPrivateKey(otherPem)) }]);
    const url = await start({ [`${VALIDATOR}_PUBLIC_KEYS`]: publicKeys, [`${VALIDATOR}_USE_SECRETS`]: 'false' });
    expect([(await ask(url, await offline())).status, (await ask(url, await issue())).status]).toEqual([200, 401]);
  });

  it('can be revoked like any other', async () => {
    const url = await start({
      [`${VALIDATOR}_PUBLIC_KEYS`]: JSON.stringify([{ kid: 'ci-1', key: rsaPublicKeyPem(createPrivateKey(otherPem)) }]),
    });
    const token = await offline();
    await store('user-token-revocations', claimsOf(token).jti);
    expect((await ask(url, token)).status).toBe(401);
  });
});

describe('an issuer that is switched off', () => {
  it.each([
    ['dataplane', 'KUMA_DP_SERVER_AUTHN_DP_PROXY_DP_TOKEN_ENABLE_ISSUER', { mesh: 'default' }],
    ['zone', 'KUMA_DP_SERVER_AUTHN_ZONE_PROXY_ZONE_TOKEN_ENABLE_ISSUER', { zone: 'z', scope: ['ingress'] }],
    ['user', 'KUMA_API_SERVER_AUTHN_TOKENS_ENABLE_ISSUER', { name: 'x', validFor: '1h' }],
  ])('gives no %s tokens, and says so', async (sort, variable, body) => {
    const url = await start({ [variable]: 'false' });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/tokens/${sort}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ detail: `issuing of ${sort} tokens is disabled on this control plane` });
  });
});
