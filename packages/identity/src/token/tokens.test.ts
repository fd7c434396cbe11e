import { createPrivateKey, sign } from 'node:crypto';
import { MeshError, type Resource, type TokenRequest } from '@mesh/core';
import { globalSecret, secret, viewOf } from '@mesh/testing';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { readPublicKey, rsaPublicKeyPem } from '../x509/pem.js';
import { issueToken } from './issue.js';
import { type DataplaneTokenCheck, verifyDataplaneToken, verifyUserToken, verifyZoneToken } from './proxy-tokens.js';
import { newSigningKey } from './signing-keys.js';
import type { VerifiedToken } from './verify.js';

const NOW = Date.parse('2026-11-21T08:00:00Z');
const HOUR_MS = 3_600_000;
const key1 = await newSigningKey();
const key2 = await newSigningKey();
const dpKey = secret('dataplane-token-signing-key-default-1', key1).build();
const userKey = globalSecret('user-token-signing-key-1', key1).build();
const zoneKey = globalSecret('zone-token-signing-key-1', key1).build();
const view = viewOf(dpKey, userKey, zoneKey);

const dataplaneRequest: TokenRequest = {
  type: 'dataplane',
  name: 'dp-1',
  mesh: 'default',
  tags: {},
  proxyType: '',
  workload: '',
  validForMs: HOUR_MS,
};
const dataplane = { view, now: NOW, mesh: 'default', name: 'dp-1', dataplaneTags: { 'kuma.io/service': ['web'] } };

function decode(part: string | undefined): unknown {
  return JSON.parse(Buffer.from(part ?? '', 'base64url').toString());
}

describe('an issued token', () => {
  it('has the header and the claims of Kuma, in its order', async () => {
    const request: TokenRequest = { ...dataplaneRequest, tags: { 'kuma.io/service': ['b', 'a'] } };
    const [header, payload] = (await issueToken(view, request, NOW)).split('.');
    expect(Buffer.from(header ?? '', 'base64url').toString()).toBe('{"alg":"RS256","kid":"1","typ":"JWT"}');
    const claims = decode(payload) as Record<string, unknown>;
    expect(Object.keys(claims)).toEqual(['Name', 'Mesh', 'Tags', 'Type', 'Workload', 'exp', 'nbf', 'iat', 'jti']);
    expect(claims).toMatchObject({ Name: 'dp-1', Mesh: 'default', Tags: { 'kuma.io/service': ['a', 'b'] }, Type: '', Workload: '' });
    expect(claims).toMatchObject({ exp: NOW / 1000 + 3600, nbf: NOW / 1000 - 900, iat: NOW / 1000 });
  });

  it('is signed with the highest serial, by number', async () => {
    const rotated = viewOf(
      ...['2', '10', '9', 'x'].map((serial) => globalSecret(`user-token-signing-key-${serial}`, key2).build()),
      userKey,
    );
    const token = await issueToken(rotated, { type: 'user', name: 'u', groups: [], validForMs: HOUR_MS }, NOW);
    expect(decode(token.split('.')[0])).toMatchObject({ kid: '10' });
    expect((await verifyUserToken({ token, view: rotated, now: NOW })).name).toBe('u');
  });

  it('can be verified when the serial is padded with zeros', async () => {
    const padded = viewOf(globalSecret('user-token-signing-key-0002', key2).build());
    const token = await issueToken(padded, { type: 'user', name: 'u', groups: ['g'], validForMs: HOUR_MS }, NOW);
    expect((await verifyUserToken({ token, view: padded, now: NOW })).groups).toEqual(['g']);
  });

  it('is not issued without a key', async () => {
    await expect(issueToken(viewOf(), dataplaneRequest, NOW)).rejects.toMatchObject({
      code: 'signing_key_not_found',
      public: expect.stringContaining('KID 1. Secret of name "dataplane-token-signing-key-default-1" in mesh "default" is not found'),
    });
  });
});

describe('the name of the control plane itself', () => {
  const name = 'mesh-system:control-plane';

  it('is never issued to a user', async () => {
    const issued = issueToken(view, { type: 'user', name, groups: ['mesh-system:admin'], validForMs: HOUR_MS }, NOW);
    await expect(issued).rejects.toMatchObject({ code: 'invalid', violations: [{ field: 'name' }] });
  });

  it('is never accepted from a user, however well the token is signed', async () => {
    const signed = (claims: Record<string, unknown>) =>
      new SignJWT({ Groups: [], ...claims, exp: NOW / 1000 + 3600, jti: 'id' })
        .setProtectedHeader({ alg: 'RS256', kid: '1' })
        .sign(createPrivateKey(key1));
    await expect(verifyUserToken({ token: await signed({ Name: 'alice' }), view, now: NOW })).resolves.toMatchObject({ name: 'alice' });
    for (const claims of [{ Name: name }, { name }]) {
      await expect(verifyUserToken({ token: await signed(claims), view, now: NOW })).rejects.toMatchObject({
        code: 'unauthenticated',
        public: expect.stringMatching(/the control plane itself/),
      });
    }
  });
});

describe('a dataplane token', () => {
  const tokenWith = (change: Partial<TokenRequest>) => issueToken(view, { ...dataplaneRequest, ...change } as TokenRequest, NOW);

  it.each([
    ['its own dataplane', {}, {}],
    ['any name where it names none', { name: '' }, { name: 'other' }],
    ['tags it lists', { tags: { 'kuma.io/service': ['web', 'api'] } }, {}],
    ['its workload', { workload: 'w' }, { workload: 'w', workloadRequired: true }],
  ])('lets in %s', async (_, change, check) => {
    await expect(verifyDataplaneToken({ ...dataplane, token: await tokenWith(change), ...check })).resolves.toMatchObject({ kid: '1' });
  });

  it.each<{ who: string; change: Partial<TokenRequest>; check: Partial<DataplaneTokenCheck>; reason: RegExp }>([
    { who: 'another name', change: {}, check: { name: 'dp-2' }, reason: /proxy name/ },
    { who: 'a tag the dataplane has not', change: { tags: { team: ['a'] } }, check: {}, reason: /no tag "team"/ },
    {
      who: 'a value the token does not list',
      change: { tags: { 'kuma.io/service': ['api'] } },
      check: {},
      reason: /value "web" which is not allowed/,
    },
    { who: 'another workload', change: { workload: 'w' }, check: { workload: 'x' }, reason: /workload/ },
    { who: 'a workload it is not bound to', change: {}, check: { workload: 'x', workloadRequired: true }, reason: /bound to the workload/ },
    { who: 'a later time', change: {}, check: { now: NOW + 2 * HOUR_MS }, reason: /expired/ },
    { who: 'an earlier time', change: {}, check: { now: NOW - 1_000_000 }, reason: /not valid yet/ },
    { who: 'another mesh, whose keys are its own', change: {}, check: { mesh: 'other' }, reason: /no signing key with KID "1"/ },
  ])('keeps out $who', async ({ change, check, reason }) => {
    const verified = verifyDataplaneToken({ ...dataplane, token: await tokenWith(change), ...check });
    await expect(verified).rejects.toMatchObject({ code: 'unauthenticated', public: expect.stringMatching(reason) });
  });

  it('is refused from the moment its ID is on the revocation list', async () => {
    const token = await tokenWith({});
    const { jti } = decode(token.split('.')[1]) as { jti: string };
    const revoked = viewOf(dpKey, globalSecret('dataplane-token-revocations-default', `a, ${jti},b`).build());
    await expect(verifyDataplaneToken({ ...dataplane, view: revoked, token })).rejects.toThrow(/is revoked/);
  });

  it('is refused when its time is over, its ID revoked or its signature another, also after it was accepted', async () => {
    const token = await tokenWith({});
    const { jti } = decode(token.split('.')[1]) as { jti: string };
    const check = (change: Partial<DataplaneTokenCheck>) => verifyDataplaneToken({ ...dataplane, token, ...change });
    await check({});
    await expect(check({ now: NOW + HOUR_MS })).rejects.toThrow(/expired/);
    await expect(check({ now: NOW - HOUR_MS })).rejects.toThrow(/not valid yet/);
    await expect(check({ token: `${token.slice(0, -3)}AAA` })).rejects.toMatchObject({ code: 'unauthenticated' });
    const revoked = viewOf(dpKey, globalSecret('dataplane-token-revocations-default', jti).build());
    await expect(check({ view: revoked })).rejects.toThrow(/is revoked/);
    const otherKey = viewOf(secret('dataplane-token-signing-key-default-1', key2).build());
    await expect(check({ view: otherKey })).rejects.toThrow(/signature/);
    await expect(check({})).resolves.toMatchObject({ kid: '1' });
  });

  it('is refused once its key is gone, and accepted by a configured public key', async () => {
    const token = await tokenWith({});
    const key = readPublicKey(Buffer.from(key1));
    if (!key) throw new Error('no key');
    await expect(verifyDataplaneToken({ ...dataplane, view: viewOf(), token })).rejects.toThrow(/no signing key/);
    await expect(verifyDataplaneToken({ ...dataplane, view: viewOf(), token, staticKeys: [{ kid: '1', key }] })).resolves.toBeDefined();
    await expect(verifyDataplaneToken({ ...dataplane, token, useSecrets: false })).rejects.toThrow(/no signing key/);
  });
});

describe('a zone token', () => {
  const zoneView = (...resources: Resource[]) => ({ view: viewOf(...resources), now: NOW, zone: 'zone-1' });
  const issue = (zone: string) => issueToken(view, { type: 'zone', zone, scope: ['ingress'], validForMs: HOUR_MS }, NOW);

  it('is verified in a federated zone with the public half of the key', async () => {
    const publicKey = globalSecret('zone-token-signing-public-key-1', rsaPublicKeyPem(createPrivateKey(key1))).build();
    await expect(verifyZoneToken({ ...zoneView(publicKey), token: await issue('zone-1'), scope: 'ingress' })).resolves.toBeDefined();
  });

  it('is refused for another scope and another zone', async () => {
    await expect(verifyZoneToken({ ...zoneView(zoneKey), token: await issue(''), scope: 'egress' })).rejects.toThrow(
      /scope is \[ingress\]/,
    );
    await expect(verifyZoneToken({ ...zoneView(zoneKey), token: await issue('zone-2'), scope: 'ingress' })).rejects.toThrow(
      /zone from requestor/,
    );
  });
});

describe('the algorithm', () => {
  const hmac = (secretBytes: string, kid: string) =>
    new SignJWT({ Name: 'u', jti: 'a', exp: NOW / 1000 + 60 }).setProtectedHeader({ alg: 'HS256', kid }).sign(Buffer.from(secretBytes));

  it('may be HS256 for the key without serial, as tokens of 1.3 have it', async () => {
    const legacy = viewOf(globalSecret('user-token-signing-key', 'thirty-two bytes of a legacy key').build());
    const token = await hmac('thirty-two bytes of a legacy key', '0');
    await expect(verifyUserToken({ token, view: legacy, now: NOW })).resolves.toMatchObject({ name: 'u' });
  });

  it('is never HS256 with the bytes of an RSA key, public or private', async () => {
    const publicPem = rsaPublicKeyPem(createPrivateKey(key1));
    for (const [name, content] of [
      ['user-token-signing-key', key1],
      ['user-token-signing-key', publicPem],
    ] as const) {
      const token = await hmac(content, '0');
      await expect(verifyUserToken({ token, view: viewOf(globalSecret(name, content).build()), now: NOW })).rejects.toThrow(
        /not allowed for the key/,
      );
    }
  });

  it('is never none', async () => {
    const header = Buffer.from('{"alg":"none","kid":"1"}').toString('base64url');
    const payload = Buffer.from(JSON.stringify({ Name: 'u', jti: 'a', exp: NOW / 1000 + 60 })).toString('base64url');
    await expect(verifyUserToken({ token: `${header}.${payload}.`, view, now: NOW })).rejects.toThrow(/RS256/);
  });

  it('needs a kid that is text', async () => {
    const header = Buffer.from('{"alg":"RS256","kid":1}').toString('base64url');
    await expect(verifyUserToken({ token: `${header}.e30.AAAA`, view, now: NOW })).rejects.toThrow(/"kid" of the token must be text/);
  });
});

describe('whatever is sent as a token', () => {
  const verifiers = [
    (token: string) => verifyUserToken({ token, view, now: NOW }),
    (token: string) => verifyZoneToken({ token, view, now: NOW, zone: 'z', scope: 'ingress' }),
    (token: string) => verifyDataplaneToken({ ...dataplane, token }),
  ];
  const refusedByAll = async (token: string) => {
    for (const verify of verifiers) {
      const error: unknown = await verify(token).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(MeshError.is(error, 'unauthenticated')).toBe(true);
    }
  };

  it('is refused as unauthenticated and nothing else', async () => {
    const part = fc.oneof(
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.tuple(part, part, part).map((parts) => parts.join('.')),
        ),
        refusedByAll,
      ),
    );
  });

  it('is refused where one byte of a good token differs', async () => {
    const good = await issueToken(view, { type: 'user', name: 'u', groups: [], validForMs: HOUR_MS }, NOW);
    const bytes = (text: string) =>
      text
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString('hex'))
        .join('.');
    const changed = fc
      .tuple(fc.nat(good.length - 1), fc.constantFrom(...'ABCxyz019-_.'))
      .map(([at, char]) => good.slice(0, at) + char + good.slice(at + 1));
    await fc.assert(
      fc.asyncProperty(
        changed.filter((token) => bytes(token) !== bytes(good)),
        refusedByAll,
      ),
    );
  });

  it('is taken or refused as unauthenticated, whatever header and claims are signed with a good key', async () => {
    const key = createPrivateKey(key1);
    const anything = fc.jsonValue();
    const claim = fc.constantFrom(
      'Name',
      'name',
      'Groups',
      'Mesh',
      'Tags',
      'Zone',
      'Scope',
      'Workload',
      'exp',
      'nbf',
      'iat',
      'jti',
      '__proto__',
    );
    const claims = fc.dictionary(claim, anything).map((given) => ({ jti: 'a', exp: NOW / 1000 + 60, ...given }));
    const header = fc.dictionary(fc.constantFrom('alg', 'kid', 'typ', 'crit', 'b64', 'zip', 'jwk'), anything);
    const signed = fc.tuple(header, claims).map(([more, payload]) => {
      const parts = [{ alg: 'RS256', kid: '1', ...more }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
      const input = parts.join('.');
      return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
    });
    await fc.assert(
      fc.asyncProperty(signed, async (token) => {
        for (const verify of verifiers) {
          const outcome: unknown = await verify(token).catch((thrown: unknown) => thrown);
          if (outcome instanceof Error) expect(MeshError.is(outcome, 'unauthenticated')).toBe(true);
          else expect((outcome as VerifiedToken).expiresAt).toBeGreaterThan(NOW);
        }
      }),
    );
  });

  it('is refused where its claims have the wrong types', async () => {
    const signed = (payload: Record<string, unknown>) =>
      new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: '1' }).sign(createPrivateKey(key1));
    const wrong = { Name: [1], Groups: 'x', Scope: 'ingress', Tags: [1], jti: 'a', exp: NOW / 1000 + 60 };
    await refusedByAll(await signed(wrong));
    await refusedByAll(await signed({ Name: 'u', Scope: ['ingress'], jti: 'a' }));
    await refusedByAll(await signed({ Name: 'u', Scope: ['ingress'], exp: NOW / 1000 + 60 }));
  });
});
