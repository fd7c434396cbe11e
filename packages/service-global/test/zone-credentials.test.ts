import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { globalSecretDraft, verifyDataplaneToken, verifyZoneToken } from '@mesh/identity';
import { claimsOf, sayHowLong } from '@mesh/testing';
import { describe, expect, it } from 'vitest';
import { eventually, startGlobal, startZone, type TestGlobal, type TestZone, useScope } from './deployment.fixture.js';

const AUTHOR = { name: 'mesh-system:admin' };
const REQUIRED = { KUMA_MULTIZONE_GLOBAL_KDS_AUTH_TYPE: 'cpToken' };

describe('a zone at a global that asks for tokens', () => {
  const scope = useScope();

  async function global(env: Record<string, string> = REQUIRED): Promise<TestGlobal> {
    const started = await startGlobal(scope.dir, { env });
    scope.running.push(started);
    return started;
  }

  const tokenFor = ({ opened }: TestGlobal, change: { zone?: string; scope?: string[]; validForMs?: number } = {}) =>
    opened.controlPlane.issueToken({ type: 'zone', zone: 'zone-1', scope: ['cp'], validForMs: 3_600_000, ...change });

  async function zone(at: TestGlobal, env: Record<string, string>): Promise<TestZone> {
    const started = await startZone(scope.dir, { name: 'zone-1', port: at.port, env });
    scope.running.push(started);
    return started;
  }

  const subscriptions = ({ opened }: TestGlobal) =>
    (opened.view.find('ZoneInsight', '', 'zone-1')?.spec as { subscriptions?: { disconnectTime?: string; authTokenProvided?: boolean }[] })
      ?.subscriptions ?? [];
  const isOnline = (at: TestGlobal) => subscriptions(at).some(({ disconnectTime }) => !disconnectTime);
  const online = (at: TestGlobal) => eventually(at.opened, () => isOnline(at), 'the zone online');
  const offline = (at: TestGlobal) => eventually(at.opened, () => subscriptions(at).length > 0 && !isOnline(at), 'the zone offline');

  it('comes in with a token of scope cp for its name, which the insight notes', async () => {
    const at = await global();
    await zone(at, { KUMA_MULTIZONE_ZONE_KDS_AUTH_CP_TOKEN_INLINE: await tokenFor(at) });
    await online(at);
    expect(subscriptions(at)[0]?.authTokenProvided).toBe(true);
  });

  it('is offline as soon as its token is revoked, and back with another token from its file', async () => {
    const at = await global();
    const file = join(scope.dir.path, 'cp-token');
    const token = await tokenFor(at);
    await writeFile(file, token);
    await zone(at, { KUMA_MULTIZONE_ZONE_KDS_AUTH_CP_TOKEN_PATH: file });
    await online(at);
    await writeFile(file, await tokenFor(at));
    const revokedAt = Date.now();
    await at.opened.controlPlane.put({ draft: globalSecretDraft('zone-token-revocations', claimsOf(token).jti), author: AUTHOR });
    await offline(at);
    sayHowLong('from the write of a revocation to the zone offline, its KDS streams ended', revokedAt);
    await online(at);
  });

  it('is offline when its token expires', async () => {
    const at = await global();
    const token = await tokenFor(at, { validForMs: 6_000 });
    await zone(at, { KUMA_MULTIZONE_ZONE_KDS_AUTH_CP_TOKEN_INLINE: token });
    await online(at);
    await offline(at);
    sayHowLong('from the expiry of a token to the zone offline, its KDS streams ended', claimsOf(token).exp * 1000);
  });

  it.each([
    ['no token', undefined],
    ['the token of another zone', { zone: 'zone-2' }],
    ['a token for every zone', { zone: '' }],
    ['a token for zone proxies', { scope: ['ingress', 'egress'] }],
  ])('stays outside with %s, and leaves no trace', async (_, change) => {
    const at = await global();
    const token = change ? await tokenFor(at, change) : '';
    const outside = await zone(at, { KUMA_MULTIZONE_ZONE_KDS_AUTH_CP_TOKEN_INLINE: token });
    const good = await startZone(scope.dir, {
      name: 'zone-9',
      port: at.port,
      env: { KUMA_MULTIZONE_ZONE_KDS_AUTH_CP_TOKEN_INLINE: await tokenFor(at, { zone: 'zone-9' }) },
    });
    scope.running.push(good);
    await good.sync.firstSync;
    expect(at.opened.view.find('Zone', '', 'zone-1')).toBeUndefined();
    expect(outside.opened.view.find('Mesh', '', 'default')).toBeUndefined();
  });

  it('that asks for none is let in without, but not with a bad one', async () => {
    const at = await global({});
    const bad = await zone(at, { KUMA_MULTIZONE_ZONE_KDS_AUTH_CP_TOKEN_INLINE: 'garbage' });
    const good = await startZone(scope.dir, { name: 'zone-9', port: at.port });
    scope.running.push(good);
    await good.sync.firstSync;
    expect(bad.opened.view.find('Mesh', '', 'default')).toBeUndefined();
  });
});

describe('what zones check tokens with', () => {
  const scope = useScope();

  it('comes from the global under the names they look up: keys of dataplane tokens, public keys of zone tokens, revocations', async () => {
    const at = await startGlobal(scope.dir);
    scope.running.push(at);
    const zone = await startZone(scope.dir, { name: 'zone-1', port: at.port });
    scope.running.push(zone);
    const { controlPlane } = at.opened;
    const zoneToken = await controlPlane.issueToken({ type: 'zone', zone: 'zone-1', scope: ['ingress'], validForMs: 60_000 });
    const dataplane = {
      type: 'dataplane',
      name: 'web',
      mesh: 'default',
      tags: {},
      proxyType: '',
      workload: '',
      validForMs: 60_000,
    } as const;
    const dataplaneToken = await controlPlane.issueToken(dataplane);
    await zone.sync.firstSync;
    const { view } = zone.opened;
    const inZone = { view, now: Date.now() };
    const checkZone = () => verifyZoneToken({ ...inZone, token: zoneToken, zone: 'zone-1', scope: 'ingress' });
    const checkDataplane = () =>
      verifyDataplaneToken({ ...inZone, token: dataplaneToken, mesh: 'default', name: 'web', dataplaneTags: {} });
    const [{ jti: first }, { jti: second }] = await Promise.all([checkZone(), checkDataplane()]);

    for (const [name, id] of [
      ['zone-token-revocations', first],
      ['dataplane-token-revocations-default', second],
      ['user-token-revocations', 'x'],
    ] as const) {
      await controlPlane.put({ draft: globalSecretDraft(name, id), author: AUTHOR });
    }
    await eventually(zone.opened, () => view.find('GlobalSecret', '', 'dataplane-token-revocations-default'), 'the list of revoked tokens');
    await eventually(zone.opened, () => view.find('GlobalSecret', '', 'zone-token-revocations'), 'the list of revoked zone tokens');
    await expect(checkZone()).rejects.toThrow(/revoked/);
    await expect(checkDataplane()).rejects.toThrow(/revoked/);
    const names = view.list('GlobalSecret').map(({ meta }) => meta.name);
    expect(names).toContain('zone-token-signing-public-key-1');
    expect(names.filter((name) => /^(user-token|admin-user|zone-token-signing-key)/.test(name))).toEqual([]);
  });
});
