import { type Change, ResourceView } from '@mesh/core';
import { globalSecretDraft, issueToken, newSigningKey } from '@mesh/identity';
import { loadConfig } from '@mesh/runtime';
import { MemoryResourceStore } from '@mesh/store-memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type UserTokenAuthenticator, userTokenAuthenticator } from './authenticator.js';

const { config } = loadConfig({ yamlText: '', env: { HOME: '/tmp' } });
const START = Date.parse('2026-11-21T08:00:00Z');
const pem = await newSigningKey();
let store: MemoryResourceStore;
let view: ResourceView;
let now: number;
let users: UserTokenAuthenticator;

beforeEach(async () => {
  now = START;
  store = new MemoryResourceStore();
  view = new ResourceView();
  await store.follow(view.apply);
  await put('user-token-signing-key-1', pem);
  users = userTokenAuthenticator(config, view, { now: () => now });
});
afterEach(() => users.close());

async function put(name: string, content: string): Promise<readonly Change[]> {
  return (await store.transact([{ op: 'upsert', draft: globalSecretDraft(name, content) }], { author: { name: 'test' } })).changes;
}

const issue = () => issueToken(view, { type: 'user', name: 'alice', groups: ['team'], validForMs: 60_000 }, now);
const idOf = (token: string) => (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }).jti;

describe('a token that was good once', () => {
  it('is not checked again while nothing changed', async () => {
    const token = await issue();
    const first = await users.authenticate(token);
    expect(first).toEqual({ name: 'alice', groups: ['team'] });
    expect(await users.authenticate(token)).toBe(first);
  });

  it('is refused from the moment it expires', async () => {
    const token = await issue();
    await users.authenticate(token);
    now = START + 60_000;
    await expect(users.authenticate(token)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('is refused once it is revoked, also where that happens during a check', async () => {
    const token = await issue();
    const checking = users.authenticate(token);
    await put('user-token-revocations', idOf(token));
    await checking.catch(() => {});
    await expect(users.authenticate(token)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('makes way for others: a thousand are remembered', async () => {
    const token = await issue();
    const first = await users.authenticate(token);
    for (let i = 0; i < 1_000; i++) await users.authenticate(await issue());
    expect(await users.authenticate(token)).not.toBe(first);
  });
});
